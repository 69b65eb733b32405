//! What a caller hands over: frames, planes, amounts.

use glowup::{Frame, FrameMut, Look, PixelFormat, Plane, Shape, Skin};
use proptest::prelude::*;

use super::cases;

/// Amounts of every kind, good ones often enough.
fn amount() -> impl Strategy<Value = f32> {
    prop_oneof![0.0_f32..=1.0, -2.0_f32..2.0, any::<f32>(), any::<u32>().prop_map(f32::from_bits)]
}

proptest! {
    // Each case costs microseconds.
    #![proptest_config(cases(10_000))]

    /// Any size, stride and buffer: refused, or every row is there and inside the buffer.
    #[test]
    fn any_frame_is_refused_or_sound(
        width in prop_oneof![4 => 0_u32..70, 1 => any::<u32>(), 1 => u32::MAX - 3..=u32::MAX],
        height in prop_oneof![4 => 0_u32..70, 1 => any::<u32>(), 1 => u32::MAX - 3..=u32::MAX],
        stride in prop_oneof![4 => 0_usize..300, 1 => any::<usize>(), 1 => usize::MAX - 300..=usize::MAX],
        len in 0_usize..20_000,
    ) {
        let mut data = vec![7_u8; len];
        let tight = Frame::rgba8(&data, width, height).is_ok();
        // Sizes as wide as they come: the arithmetic here cannot overflow.
        let room = u128::from(width) * u128::from(height) * 4;
        prop_assert_eq!(tight, width > 0 && height > 0 && room <= len as u128);
        let row = u128::from(width) * 4;
        let needed = u128::from(height.saturating_sub(1)) * stride as u128 + row;
        let sound = width > 0 && height > 0 && row <= stride as u128 && needed <= len as u128;
        let frame = Frame::rgba8_with_stride(&data, width, height, stride);
        prop_assert_eq!(frame.is_ok(), sound, "{:?}", frame);
        if let Ok(frame) = frame {
            prop_assert!((0..height).all(|y| frame.row(y).len() as u128 == row));
            prop_assert!(frame.row(height).is_empty());
        }
        let frame = FrameMut::rgba8_with_stride(&mut data, width, height, stride);
        prop_assert_eq!(frame.is_ok(), sound);
        if let Ok(mut frame) = frame {
            prop_assert!((0..height).all(|y| frame.row_mut(y).len() as u128 == row));
        }
    }

    /// Any amounts: refused, or numbers from 0 to 1.
    #[test]
    fn any_look_is_refused_or_sound(slim in amount(), smooth in amount(), tone in amount()) {
        let sound = [slim, smooth, tone].iter().all(|amount| (0.0..=1.0).contains(amount));
        prop_assert_eq!(Look { skin: Skin { smooth, tone, ..Skin::NONE }, shape: Shape { slim, ..Shape::NONE }, ..Look::NONE }.check().is_ok(), sound);
    }

    /// Any size, strides and buffers in any format: refused, or every row of every plane is inside its buffer.
    #[test]
    fn any_planes_are_refused_or_sound(
        format in prop::sample::select(PixelFormat::ALL.to_vec()),
        width in prop_oneof![4 => 0_u32..40, 1 => any::<u32>()],
        height in prop_oneof![4 => 0_u32..40, 1 => any::<u32>()],
        strides in prop::array::uniform3(prop_oneof![4 => 0_usize..170, 1 => any::<usize>()]),
        lengths in prop::array::uniform3(0_usize..7_000),
    ) {
        let half = u128::from(width.div_ceil(2));
        let (whole, rows, halved) = (u128::from(width), u128::from(height), u128::from(height.div_ceil(2)));
        let sizes: Vec<(u128, u128)> = match format {
            PixelFormat::Rgba8 | PixelFormat::Bgra8 => vec![(whole * 4, rows)],
            PixelFormat::Rgb8 | PixelFormat::Bgr8 => vec![(whole * 3, rows)],
            PixelFormat::Gray8 => vec![(whole, rows)],
            PixelFormat::Gray16 => vec![(whole * 2, rows)],
            PixelFormat::Rgb16 => vec![(whole * 6, rows)],
            PixelFormat::Rgba16 | PixelFormat::Rgba16Float => vec![(whole * 8, rows)],
            PixelFormat::P010 => vec![(whole * 2, rows), (half * 4, halved)],
            PixelFormat::I010 => vec![(whole * 2, rows), (half * 2, halved), (half * 2, halved)],
            PixelFormat::I210 => vec![(whole * 2, rows), (half * 2, rows), (half * 2, rows)],
            PixelFormat::I410 => vec![(whole * 2, rows); 3],
            PixelFormat::I422 => vec![(whole, rows), (half, rows), (half, rows)],
            PixelFormat::I444 => vec![(whole, rows); 3],
            PixelFormat::Nv12 | PixelFormat::Nv21 => vec![(whole, rows), (half * 2, halved)],
            PixelFormat::I420 => vec![(whole, rows), (half, halved), (half, halved)],
            _ => vec![(half * 4, rows)],
        };
        let sound = width > 0 && height > 0 && sizes.iter().zip(strides).zip(lengths).all(|((&(row, rows), stride), len)| {
            row <= stride as u128 && (rows - 1) * stride as u128 + row <= len as u128
        });
        let mut planes: Vec<(usize, Vec<u8>)> =
            strides.iter().zip(lengths).map(|(&stride, len)| (stride, vec![0; len])).collect();
        let p: Vec<Plane<'_>> = planes.iter().map(|(stride, data)| Plane { data, stride: *stride }).collect();
        let given = match format.planes() {
            1 => Frame::from_planes(format, [p[0]], width, height),
            2 => Frame::from_planes(format, [p[0], p[1]], width, height),
            _ => Frame::from_planes(format, [p[0], p[1], p[2]], width, height),
        };
        prop_assert_eq!(given.is_ok(), sound);
        let room: u128 = sizes.iter().map(|(row, rows)| row * rows).sum();
        let fits = width > 0 && height > 0 && room <= lengths[0] as u128;
        prop_assert_eq!(Frame::new(format, &planes[0].1, width, height).is_ok(), fits);
        prop_assert_eq!(FrameMut::new(format, &mut planes[0].1, width, height).is_ok(), fits);
    }
}
