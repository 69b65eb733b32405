//! What is known of faces in general: a face as it stands in space, its triangles, and how far each amount moves its points.

/// What `models/face_shape.py` packed; there the layout is told.
const BYTES: &[u8; 25_550] = include_bytes!("../../../models/face_shape.bin");

pub(in crate::retouch) const VERTICES: usize = 468;
pub(super) const TRIANGLES: usize = 898;
/// Amounts that move a face.
pub(super) const AMOUNTS: usize = 22;
const ROWS: usize = 2417;

/// Places in the file.
const NORMALS: usize = VERTICES * 6;
const DISTANCES: usize = NORMALS + VERTICES * 3;
const MIRROR: usize = DISTANCES + VERTICES;
const FACES: usize = MIRROR + VERTICES * 2;
const ENDS: usize = FACES + TRIANGLES * 6;
const TABLE: usize = ENDS + AMOUNTS * 2;

/// A face in general: MediaPipe's canonical face model, in centimetres, x to the person's left, y up, z to the camera.
pub(in crate::retouch) struct Canonical {
    pub(super) vertices: [[f32; 3]; VERTICES],
    /// Unit vectors that point away from the head.
    pub(in crate::retouch) normals: [[f32; 3]; VERTICES],
    /// How far each vertex lies from the face's outline; what is more than five centimetres away counts as that.
    pub(super) outline: [f32; VERTICES],
    /// The same vertex of the face's other half; itself on the midline.
    pub(super) mirror: [u16; VERTICES],
    /// Anticlockwise where they are seen from outside.
    pub(super) triangles: [[u16; 3]; TRIANGLES],
    rows: [Row; ROWS],
    ends: [u16; AMOUNTS],
}

/// One vertex that an amount moves.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) vertex: u16,
    /// x and y at amount 1.
    pub(super) by: [f32; 2],
}

/// Made when the library is compiled: a file that does not fit is no program.
pub(in crate::retouch) static CANONICAL: Canonical = Canonical::parse();

const fn u16_at(at: usize) -> u16 {
    u16::from_le_bytes([BYTES[at], BYTES[at + 1]])
}

const fn thousandths(at: usize) -> f32 {
    i16::from_le_bytes([BYTES[at], BYTES[at + 1]]) as f32 / 1000.0
}

const fn index_at(at: usize) -> u16 {
    let index = u16_at(at);
    assert!((index as usize) < VERTICES);
    index
}

impl Canonical {
    const fn parse() -> Self {
        let mut model = Self {
            vertices: [[0.0; 3]; VERTICES],
            normals: [[0.0; 3]; VERTICES],
            outline: [0.0; VERTICES],
            mirror: [0; VERTICES],
            triangles: [[0; 3]; TRIANGLES],
            rows: [Row { vertex: 0, by: [0.0; 2] }; ROWS],
            ends: [0; AMOUNTS],
        };
        let mut k = 0;
        while k < VERTICES {
            let mut axis = 0;
            while axis < 3 {
                model.vertices[k][axis] = thousandths(6 * k + 2 * axis);
                model.normals[k][axis] = BYTES[NORMALS + 3 * k + axis] as i8 as f32 / 127.0;
                axis += 1;
            }
            model.outline[k] = BYTES[DISTANCES + k] as f32 / 50.0;
            model.mirror[k] = index_at(MIRROR + 2 * k);
            k += 1;
        }
        let mut k = 0;
        while k < TRIANGLES {
            let at = FACES + 6 * k;
            model.triangles[k] = [index_at(at), index_at(at + 2), index_at(at + 4)];
            k += 1;
        }
        let mut k = 0;
        while k < ROWS {
            let at = TABLE + 6 * k;
            model.rows[k] = Row { vertex: index_at(at), by: [thousandths(at + 2), thousandths(at + 4)] };
            k += 1;
        }
        let (mut k, mut start) = (0, 0);
        while k < AMOUNTS {
            model.ends[k] = u16_at(ENDS + 2 * k);
            assert!(start < model.ends[k] && model.ends[k] as usize <= ROWS);
            start = model.ends[k];
            k += 1;
        }
        model
    }

    /// What each amount moves, in the table's order.
    pub(super) fn amounts(&self) -> impl Iterator<Item = &[Row]> {
        let starts = std::iter::once(0).chain(self.ends);
        starts.zip(self.ends).map(|(start, end)| self.rows.get(start.into()..end.into()).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_halves_are_mirror_images() {
        for (vertex, &other) in CANONICAL.vertices.iter().zip(&CANONICAL.mirror) {
            let [x, y, z] = CANONICAL.vertices[usize::from(other)];
            assert_eq!(*vertex, [-x, y, z]);
        }
        for (amount, rows) in CANONICAL.amounts().enumerate() {
            for row in rows {
                let other = CANONICAL.mirror[usize::from(row.vertex)];
                let found = rows.iter().find(|row| row.vertex == other).map(|row| row.by);
                assert_eq!(found, Some([-row.by[0], row.by[1]]), "amount {amount}, vertex {}", row.vertex);
            }
        }
    }
}
