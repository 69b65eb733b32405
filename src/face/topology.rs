//! Names for the mesh's points, in the order of MediaPipe's face mesh (468 points; 478 with irises).
//!
//! Left and right are the person's own: the right eye is on the left of an unmirrored picture. Closed contours list
//! each point once, in order around the contour.

/// Points of the mesh without irises.
pub const POINTS: usize = 468;
/// Points of the mesh with irises.
pub const POINTS_WITH_IRISES: usize = 478;

/// The outline of the face: clockwise in the picture from the middle of the hairline, over the person's left temple,
/// left jaw, chin, right jaw and right temple.
pub const FACE_OVAL: [u16; 36] = [
    10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400, 377, 152, 148, 176, 149, 150,
    136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67, 109,
];

/// The jaw, from above the person's right ear over the chin to above the left.
pub const JAW: [u16; 23] =
    [127, 234, 93, 132, 58, 172, 136, 150, 149, 176, 148, 152, 377, 400, 378, 379, 365, 397, 288, 361, 323, 454, 356];

/// Rim of the person's right eye.
pub const RIGHT_EYE: [u16; 16] = [33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246];
/// Rim of the person's left eye.
pub const LEFT_EYE: [u16; 16] = [263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466];

/// Outline of the person's right eyebrow.
pub const RIGHT_EYEBROW: [u16; 10] = [70, 63, 105, 66, 107, 55, 65, 52, 53, 46];
/// Outline of the person's left eyebrow.
pub const LEFT_EYEBROW: [u16; 10] = [300, 293, 334, 296, 336, 285, 295, 282, 283, 276];

/// Outer outline of the lips.
pub const LIPS: [u16; 20] = [61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40, 185];
/// Inner outline of the lips: the opening of the mouth.
pub const MOUTH: [u16; 20] =
    [78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191];

/// Around the person's right nostril.
pub const RIGHT_NOSTRIL: [u16; 8] = [240, 98, 97, 2, 141, 241, 238, 79];
/// Around the person's left nostril.
pub const LEFT_NOSTRIL: [u16; 8] = [460, 327, 326, 2, 370, 461, 458, 309];

/// Outer corner of the person's right eye.
pub const RIGHT_EYE_OUTER: u16 = 33;
/// Outer corner of the person's left eye.
pub const LEFT_EYE_OUTER: u16 = 263;
/// Top of the nose, between the eyes.
pub const NOSE_ROOT: u16 = 168;
/// Below the tip of the nose.
pub const NOSE_BASE: u16 = 2;
/// Tip of the nose.
pub const NOSE_TIP: u16 = 1;
/// Tip of the chin.
pub const CHIN: u16 = 152;
/// Middle of the forehead's upper edge.
pub const FOREHEAD: u16 = 10;
/// Where the right half of the face is widest, beside the ear.
pub const RIGHT_CHEEK: u16 = 234;
/// Where the left half of the face is widest, beside the ear.
pub const LEFT_CHEEK: u16 = 454;
/// Inner corner of the person's right eye.
pub const RIGHT_EYE_INNER: u16 = 133;
/// Inner corner of the person's left eye.
pub const LEFT_EYE_INNER: u16 = 362;
/// The person's right corner of the mouth.
pub const RIGHT_MOUTH_CORNER: u16 = 61;
/// The person's left corner of the mouth.
pub const LEFT_MOUTH_CORNER: u16 = 291;
/// The person's right iris, where the mesh has irises: its middle, then four points of its rim.
pub const RIGHT_IRIS: [u16; 5] = [468, 469, 470, 471, 472];
/// The person's left iris, as the right one.
pub const LEFT_IRIS: [u16; 5] = [473, 474, 475, 476, 477];
