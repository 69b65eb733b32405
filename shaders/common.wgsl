// Joined in front of every pass: geometry and colour arithmetic that several stages share. It binds nothing.

// Whether a place in the frame lies in a part of a face's rectangle.
fn common_within(part: vec4<u32>, p: vec2<f32>) -> bool {
    return all(p >= vec2<f32>(part.xy)) && all(p <= vec2<f32>(part.zw));
}

fn common_luma(rgb: vec3<f32>) -> f32 {
    return dot(rgb, vec3<f32>(0.299, 0.587, 0.114));
}

fn common_linear(c: vec3<f32>) -> vec3<f32> {
    let low = c / 12.92;
    let high = pow((max(c, vec3<f32>(0.0)) + 0.055) / 1.055, vec3<f32>(2.4));
    return select(high, low, c <= vec3<f32>(0.04045));
}

fn common_encoded(c: vec3<f32>) -> vec3<f32> {
    let low = c * 12.92;
    let high = 1.055 * pow(max(c, vec3<f32>(0.0)), vec3<f32>(1.0 / 2.4)) - 0.055;
    return select(high, low, c <= vec3<f32>(0.0031308));
}

// sRGB-encoded colour to OkLab (Ottosson 2020, "A perceptual color space for image processing") and back.
fn common_to_oklab(rgb: vec3<f32>) -> vec3<f32> {
    let c = common_linear(rgb);
    let lms = vec3<f32>(
        dot(c, vec3<f32>(0.4122214708, 0.5363325363, 0.0514459929)),
        dot(c, vec3<f32>(0.2119034982, 0.6806995451, 0.1073969566)),
        dot(c, vec3<f32>(0.0883024619, 0.2817188376, 0.6299787005)),
    );
    let r = pow(max(lms, vec3<f32>(0.0)), vec3<f32>(1.0 / 3.0));
    return vec3<f32>(
        dot(r, vec3<f32>(0.2104542553, 0.7936177850, -0.0040720468)),
        dot(r, vec3<f32>(1.9779984951, -2.4285922050, 0.4505937099)),
        dot(r, vec3<f32>(0.0259040371, 0.7827717662, -0.8086757660)),
    );
}

fn common_from_oklab(lab: vec3<f32>) -> vec3<f32> {
    let r = vec3<f32>(
        lab.x + 0.3963377774 * lab.y + 0.2158037573 * lab.z,
        lab.x - 0.1055613458 * lab.y - 0.0638541728 * lab.z,
        lab.x - 0.0894841775 * lab.y - 1.2914855480 * lab.z,
    );
    let lms = r * r * r;
    return common_encoded(vec3<f32>(
        dot(lms, vec3<f32>(4.0767416621, -3.3077115913, 0.2309699292)),
        dot(lms, vec3<f32>(-1.2684380046, 2.6097574011, -0.3413193965)),
        dot(lms, vec3<f32>(-0.0041960863, -0.7034186147, 1.7076147010)),
    ));
}
