//! HDR for eyes that know only SDR: how a signal of HLG or PQ in the primaries of BT.2020 would look as sRGB, and back.

use std::sync::OnceLock;

use super::colour::{Transfer, whole};

/// Steps of either table.
const STEPS: usize = 4096;
/// HLG is made to be seen on displays of SDR as it is, only flat and dark: it is brightened by this bend. A stronger one would leave
/// fewer steps of the device's floats for its highlights than ten bits have.
const HLG_BEND: f32 = 1.3;
/// The SDR signal above which the light of PQ is compressed, so that the brightest that the signal can say is white.
const KNEE: f32 = 0.8;
/// Diffuse white in PQ: 203 cd/m² (ITU-R BT.2408, table 1).
const PQ_WHITE: f32 = 203.0 / 10_000.0;

/// From the primaries of BT.2020 to those of BT.709 (ITU-R BT.2087, for linear light). It is used on signals, for which it is right
/// to the first order: a grey stays grey, and skin comes within a hundredth.
const TO_709: [[f32; 3]; 3] =
    [[1.660_491, -0.587_641, -0.072_85], [-0.124_55, 1.132_9, -0.008_35], [-0.018_151, -0.100_579, 1.118_73]];
const TO_2020: [[f32; 3]; 3] =
    [[0.627_404, 0.329_283, 0.043_313], [0.069_097, 0.919_540, 0.011_362], [0.016_391, 0.088_013, 0.895_595]];

/// The curve of a transfer, as tables.
pub(super) struct Tone {
    /// By the HDR signal, 0..=1.
    forward: Box<Table>,
    /// By the root of the SDR signal, 0..=1: it is steep in the dark.
    back: Box<Table>,
}

type Table = [f32; STEPS + 1];

impl Tone {
    /// That of a transfer; `None` for SDR, which is as it shall look.
    pub(super) fn of(transfer: Transfer) -> Option<&'static Self> {
        static HLG: OnceLock<Tone> = OnceLock::new();
        static PQ: OnceLock<Tone> = OnceLock::new();
        match transfer {
            Transfer::Sdr => None,
            Transfer::Hlg => Some(HLG.get_or_init(|| Self::new(|signal| bent(signal, HLG_BEND)))),
            Transfer::Pq => Some(PQ.get_or_init(|| Self::new(pq_curve()))),
        }
    }

    /// Of a function from an HDR signal to an SDR signal, both 0..=1, that rises everywhere.
    fn new(curve: impl Fn(f32) -> f32) -> Self {
        let step = |index: usize| index as f32 / STEPS as f32;
        let forward = std::array::from_fn(|index| curve(step(index)));
        let back = std::array::from_fn(|index| {
            let wanted = step(index).powi(2);
            let (mut low, mut high) = (0.0_f32, 1.0_f32);
            for _ in 0..30 {
                let middle = (low + high) / 2.0;
                if curve(middle) < wanted { low = middle } else { high = middle }
            }
            (low + high) / 2.0
        });
        Self { forward: Box::new(forward), back: Box::new(back) }
    }

    /// How HDR signals, 0..=1, look in SDR: their red, green and blue. What sRGB cannot show lies outside 0..=1.
    #[inline(always)]
    pub(super) fn to_sdr<const N: usize>(&self, signals: &[[f32; N]; 3]) -> [[f32; N]; 3] {
        let mut seen = *signals;
        seen.as_flattened_mut().iter_mut().for_each(|value| *value = at(&self.forward, *value));
        product(&TO_709, &seen)
    }

    /// The HDR signals that look so in SDR.
    #[inline(always)]
    pub(super) fn to_hdr<const N: usize>(&self, sdr: &[[f32; N]; 3]) -> [[f32; N]; 3] {
        let mut signals = product(&TO_2020, sdr);
        signals.as_flattened_mut().iter_mut().for_each(|value| *value = at(&self.back, value.max(0.0).sqrt()));
        signals
    }
}

/// A curve from 0 to 1 that begins steeper by `by`, and ends flatter by as much.
fn bent(t: f32, by: f32) -> f32 {
    by * t / (1.0 + (by - 1.0) * t)
}

/// PQ as sRGB shows its light up to the knee, and compressed above.
fn pq_curve() -> impl Fn(f32) -> f32 {
    let plain = |signal: f32| encoded(pq_light(signal) / PQ_WHITE);
    // Where the plain curve reaches the knee, and how steep it is there.
    let (mut low, mut high) = (0.0_f32, 1.0_f32);
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if plain(middle) < KNEE { low = middle } else { high = middle }
    }
    let knee = low;
    let slope = (plain(knee + 1e-3) - plain(knee - 1e-3)) / 2e-3;
    let bend = slope * (1.0 - knee) / (1.0 - KNEE);
    move |signal| {
        let t = (signal - knee) / (1.0 - knee);
        if t <= 0.0 { plain(signal) } else { KNEE + (1.0 - KNEE) * bent(t, bend) }
    }
}

#[inline(always)]
fn product<const N: usize>(matrix: &[[f32; 3]; 3], [a, b, c]: &[[f32; N]; 3]) -> [[f32; N]; 3] {
    let mut products = [[0.0; N]; 3];
    for ([x, y, z], products) in matrix.iter().zip(&mut products) {
        for (((product, a), b), c) in products.iter_mut().zip(a).zip(b).zip(c) {
            *product = x * a + y * b + z * c;
        }
    }
    products
}

/// A table at a place of 0..=1, interpolated.
#[inline(always)]
fn at(table: &Table, place: f32) -> f32 {
    let place = place.clamp(0.0, 1.0) * STEPS as f32;
    // One of the two steps that it lies between; the last has none above.
    let index = whole(place - 0.5, (STEPS - 1) as f32);
    let value = |index: u32| table.get(index as usize).copied().unwrap_or_default();
    let low = value(index);
    low + (place - index as f32) * (value(index + 1) - low)
}

/// Light as sRGB encodes it (IEC 61966-2-1).
fn encoded(light: f32) -> f32 {
    if light <= 0.003_130_8 { 12.92 * light } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 }
}

/// A signal of PQ as the display's light, 1 for 10,000 cd/m² (ITU-R BT.2100, table 4; SMPTE ST 2084).
fn pq_light(signal: f32) -> f32 {
    const M1: f32 = 2610.0 / 16384.0;
    const M2: f32 = 2523.0 / 4096.0 * 128.0;
    const C1: f32 = 3424.0 / 4096.0;
    const C2: f32 = 2413.0 / 4096.0 * 32.0;
    const C3: f32 = 2392.0 / 4096.0 * 32.0;
    let root = signal.max(0.0).powf(1.0 / M2);
    ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_own_levels() {
        // 203 cd/m² are 58 % of the signal, 1,000 are 75 %.
        assert!((pq_light(0.5806) - PQ_WHITE).abs() < 1e-4, "{}", pq_light(0.5806));
        assert!((pq_light(0.7518) - 0.1).abs() < 1e-3, "{}", pq_light(0.7518));
    }

    #[test]
    fn a_signal_comes_back() {
        for transfer in [Transfer::Hlg, Transfer::Pq] {
            let tone = Tone::of(transfer).unwrap();
            assert!(tone.forward.is_sorted() && tone.back.is_sorted());
            for code in 0..1024 {
                let signal = code as f32 / 1023.0;
                let [[r], [g], [b]] = tone.to_sdr(&[[signal]; 3]);
                assert!((r - g).abs() < 1e-4 && (r - b).abs() < 1e-4 && (-1e-4..=1.0001).contains(&r), "{signal:?}");
                let off = (tone.to_hdr(&[[r], [g], [b]])[1][0] - signal).abs() * 1023.0;
                assert!(off < 0.25 || code < 16, "{transfer:?} {code}: off by {off} codes");
            }
            assert!(Tone::of(Transfer::Sdr).is_none());
        }
    }
}
