//! The numbers of the skin's shaders, by shader, in the order that they stand there: what is tuned there is tuned here.

// colours.wgsl
pub(super) const BINS: [usize; 3] = [9, 20, 20];
pub(super) const LOW: [f32; 3] = [-3.2, -0.9, -1.1];
pub(super) const HIGH: [f32; 3] = [1.4, 1.3, 1.1];
pub(super) const CHROMA_FLOOR: f32 = 0.15;
pub(super) const BRIGHTNESS_FLOOR: f32 = 0.06;
pub(super) const FRINGE_DARKER: [f32; 2] = [0.3, 1.0];
pub(super) const FRINGE_ROUGHER: [f32; 2] = [-0.5, 0.3];

// common.wgsl
pub(super) const GUIDE: f32 = 2.2;

// blocks.wgsl
pub(super) const FARTHEST: f32 = 0.25;
pub(super) const ROUGH_FLOOR: f32 = 0.05;
pub(super) const LIKELY_INSIDE: f32 = 0.93;
pub(super) const LIKELY_DEPTH: [f32; 2] = [-0.05, 0.02];
pub(super) const SURE_DEPTH: [f32; 2] = [0.03, 0.10];

// first.wgsl
pub(super) const SURE: f32 = 0.9;
pub(super) const SURE_BEARDED: f32 = 0.06;
pub(super) const BROW: f32 = 0.9;

// learn.wgsl
pub(super) const LANES: usize = 64;
pub(super) const DARKEST: f32 = 0.02;
pub(super) const STEPS: f32 = 65000.0;
pub(super) const MOST_STEPS: f32 = 1024.0;
pub(super) const SKIN_SHARE: [f32; 2] = [1.0, 0.02];
pub(super) const OTHER_SHARE: [f32; 2] = [0.85, 0.6];

// likelihood.wgsl
pub(super) const COLOUR_BETWEEN: f32 = 0.5;
pub(super) const COLOUR_NEAREST: f32 = 0.125;
pub(super) const MOST_RATIO: f32 = 5.0;
pub(super) const COARSE: [f32; 2] = [0.15, 0.65];
/// Between which values of `hairy` the neck lies; how bright skin is there at most; how much rougher it may be.
pub(super) const NECK: [[f32; 2]; 2] = [[0.3, 0.45], [0.55, 0.7]];
pub(super) const NOT_GLEAMING: f32 = 0.16;
pub(super) const NECK_ROUGHER: f32 = 0.5;
pub(super) const DARK: [f32; 2] = [-0.10, 0.15];
pub(super) const AROUND: f32 = 1.4;
pub(super) const AMID_SKIN: (f32, [f32; 2]) = (0.9, [0.6, 0.95]);
pub(super) const OWN: f32 = 0.4;
pub(super) const OTHERS: f32 = 0.6;
pub(super) const LEAST_LIKELY: f32 = 0.015;
pub(super) const ROUGH_ODDS: f32 = 8.0;
pub(super) const NEAR_ODDS: f32 = 6.0;
pub(super) const AROUND_ODDS: f32 = 1.5;
pub(super) const OPEN: ([f32; 2], f32) = ([0.0, 0.3], 1.15);
pub(super) const OPEN_BROW: f32 = 0.9;

// regress.wgsl and field.wgsl
pub(super) const EPSILON: f32 = 3e-3;
pub(super) const SKIN_LIKELY: [f32; 2] = [0.35, 0.85];
pub(super) const ALLOWED: [f32; 2] = [0.03, 0.08];

// surround.wgsl
pub(super) const ALIKE: f32 = 0.035;
pub(super) const DULL: (f32, [f32; 2]) = (0.95, [0.01, 0.06]);

// details.wgsl
pub(super) const A: [f32; 3] = [0.29, -0.27, -0.02];
pub(super) const B: [f32; 3] = [0.06, 0.19, -0.27];
pub(super) const RED: [f32; 2] = [0.0015, 0.007];
pub(super) const RED_OVER_YELLOW: f32 = 0.5;
pub(super) const COLOUR_FADES: f32 = 0.8;
pub(super) const RED_FADES: f32 = 0.6;

// gate.wgsl
pub(super) const ROUND: f32 = 0.3;
pub(super) const DIRECTED: f32 = 3.5;
pub(super) const TINT: [f32; 3] = [0.06, 0.022, 0.022];
pub(super) const ROUNDNESS: [f32; 2] = [0.02, 0.28];
pub(super) const TONE_FAR: f32 = 0.043;
pub(super) const TONE: f32 = 1.09;
pub(super) const CHROMA_RISE: (f32, [f32; 2]) = (0.0076, [0.3, 0.7]);
pub(super) const COLLAR: f32 = 0.8;
pub(super) const GLOSS_UP: [f32; 2] = [0.02, 0.14];
pub(super) const GLOSS_GREY: ([f32; 2], f32, f32) = ([0.0, 0.25], 0.35, 0.65);
pub(super) const GLOSS_DOWN: (f32, f32) = (-0.55, 0.015);
pub(super) const GLOSS_CHROMA: f32 = 0.75;
pub(super) const CIRCLE_SHADE: (f32, f32) = (0.7, 0.07);
pub(super) const CIRCLE_CHROMA: (f32, f32) = (0.6, 0.02);
pub(super) const FOLD: (f32, f32) = (0.8, 0.06);
pub(super) const BASE: [f32; 2] = [0.25, 0.75];
pub(super) const CONTRAST_FLOOR: f32 = 0.085;
pub(super) const SPOT_FLOOR: f32 = 0.004;
pub(super) const SPOT: ([f32; 2], [f32; 2]) = ([0.026, 0.058], [0.33, 0.5]);
pub(super) const SPOT_SKIN: [f32; 2] = [0.8, 0.97];
pub(super) const BOUND: f32 = 0.7;

// correct.wgsl
pub(super) const LEAST: f32 = 0.16;
pub(super) const SHARE: ([f32; 2], f32, f32) = ([0.05, 1.0], 1.6, 0.02);

// change.wgsl
pub(super) const CHANGE_CORE: f32 = 0.07;
pub(super) const CHANGE_LEAST: f32 = 0.35;
pub(super) const CHANGE_MOST: (f32, f32) = (2.5, 0.05);
pub(super) const CHANGE_FLOOR: f32 = 0.03;
