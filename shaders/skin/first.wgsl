// In: cells, the face's parts, the lattice of where skin may be. Out: for a face of which nothing is known yet: where its
// skin surely is, and where something else.
// Why: with these its colours are learned for the first time.

@group(0) @binding(0) var<uniform> faces: array<SkinFace, 32>;
@group(0) @binding(5) var blocks: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(6) var places: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(7) var likelihoods: texture_storage_2d_array<rgba16float, write>;
@group(0) @binding(8) var history: texture_storage_2d_array<rgba16float, write>;

@compute @workgroup_size(8, 8, 1)
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(workgroup_id) group: vec3<u32>) {
    let face = faces[group.z];
    let block = id.xy;
    if face.links.y == 0u || any(block >= face.grid.zw) {
        return;
    }
    let place = blocks_place(face, group.z, block);
    // A beard must not enter: below the nose little is taken for skin.
    let skin = place.skin.y * mix(0.9, 0.06, max(place.skin.w, 0.0));
    textureStore(blocks, block, group.z, blocks_seen(face, group.z, block));
    textureStore(places, block, group.z, place.skin);
    textureStore(likelihoods, block, face.links.x, vec4<f32>(0.5, skin, max(place.other, 0.9 * place.brow), 0.0));
    textureStore(history, block, face.links.x, vec4<f32>(0.5));
}
