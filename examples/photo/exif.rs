//! EXIF of a picture that was turned and retouched: its orientation is 1, and its thumbnail, which shows the old picture, is gone.
//! It is changed where it lies: cameras' own notes in it hold places of their own, which a new arrangement would break.

use image::metadata::Orientation;

/// Tags of a thumbnail's place and length (EXIF 2.32, table 6).
const THUMBNAIL: [u16; 2] = [0x0201, 0x0202];
/// Bytes of a field of a directory.
const FIELD: usize = 12;

/// What is kept of a picture's EXIF.
pub fn kept(mut exif: Vec<u8>) -> Vec<u8> {
    let _ = Orientation::remove_from_exif_chunk(&mut exif);
    drop_thumbnail(&mut exif);
    exif
}

/// The numbers of a TIFF header's order.
struct Order(bool);

impl Order {
    fn of(exif: &[u8]) -> Option<Self> {
        match exif.get(..4)? {
            b"II\x2A\0" => Some(Self(true)),
            b"MM\0\x2A" => Some(Self(false)),
            _ => None,
        }
    }

    fn short(&self, exif: &[u8], at: usize) -> Option<u16> {
        let bytes = *exif.get(at..)?.first_chunk()?;
        Some(if self.0 { u16::from_le_bytes(bytes) } else { u16::from_be_bytes(bytes) })
    }

    fn long(&self, exif: &[u8], at: usize) -> Option<usize> {
        let bytes = *exif.get(at..)?.first_chunk()?;
        usize::try_from(if self.0 { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }).ok()
    }

    /// Where a directory's fields end, which is where the place of the next directory stands.
    fn end(&self, exif: &[u8], directory: usize) -> Option<usize> {
        let count = usize::from(self.short(exif, directory)?);
        directory.checked_add(2 + count * FIELD)
    }
}

/// Unlinks the second directory, which is the thumbnail's, and clears its picture.
fn drop_thumbnail(exif: &mut Vec<u8>) -> Option<()> {
    let order = Order::of(exif)?;
    let link = order.end(exif, order.long(exif, 4)?)?;
    let second = order.long(exif, link).filter(|&place| place > 0)?;
    let end = order.end(exif, second)?;
    exif.get_mut(link..link + 4)?.fill(0);
    let field = |tag: u16| {
        (second + 2..end)
            .step_by(FIELD)
            .find(|&at| order.short(exif, at) == Some(tag))
            .and_then(|at| order.long(exif, at + 8))
    };
    let [start, length] = THUMBNAIL.map(field);
    let (start, length) = (start?, length?);
    exif.get_mut(start..start.checked_add(length)?)?.fill(0);
    // As a rule it comes last.
    if start + length >= exif.len() {
        exif.truncate(start);
    }
    Some(())
}
