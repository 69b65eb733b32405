//! A source that does what sources do at their worst, for tests: the moving portrait, with a fault after a second.

use std::str::FromStr;
use std::time::Duration;

use super::demo::Demo;
use super::{Picture, Source};
use crate::common::Failure;

/// Pictures before the fault.
const GOOD: u32 = 30;
/// How long a silent source gives nothing.
const SILENCE: Duration = Duration::from_secs(10);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Reading fails.
    Error,
    /// There is nothing more to read.
    End,
    /// Reading blocks, for ten seconds.
    Silence,
    /// The pictures become half as large, then upright.
    Format,
}

const FAULTS: [(&str, Fault); 4] =
    [("error", Fault::Error), ("end", Fault::End), ("silence", Fault::Silence), ("format", Fault::Format)];

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let fault = FAULTS.into_iter().find(|(name, _)| *name == text);
        fault.map(|(_, fault)| fault).ok_or_else(|| format!("{text:?} is no fault: say error, end, silence or format"))
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = FAULTS.into_iter().find(|(_, fault)| fault == self);
        f.write_str(name.map_or("", |(name, _)| name))
    }
}

pub struct Faulty {
    fault: Fault,
    portrait: Demo,
    given: u32,
}

impl Faulty {
    pub fn open(fault: Fault) -> Result<Self, Failure> {
        Ok(Self { fault, portrait: Demo::open()?, given: 0 })
    }
}

impl Source for Faulty {
    fn next(&mut self, picture: &mut Picture) -> Result<Option<Duration>, Failure> {
        self.given += 1;
        let due = self.portrait.next(picture)?;
        match self.fault {
            Fault::Error if self.given > GOOD => return Err("its driver reports an error".into()),
            Fault::End if self.given > GOOD => return Err("it has ended".into()),
            Fault::Silence if self.given == GOOD => std::thread::sleep(SILENCE),
            Fault::Format if self.given > 4 * GOOD => crop(picture, 240, 320),
            Fault::Format if self.given > GOOD => crop(picture, 320, 240),
            _ => {}
        }
        Ok(due)
    }
}

/// Keeps the middle of a picture.
fn crop(picture: &mut Picture, width: u32, height: u32) {
    let (left, top) = ((picture.width - width) / 2, (picture.height - height) / 2);
    let stride = picture.width as usize * 4;
    let rows = picture.pixels.chunks_exact(stride).skip(top as usize).take(height as usize);
    let columns = left as usize * 4..(left + width) as usize * 4;
    let pixels: Vec<u8> = rows.flat_map(|row| &row[columns.clone()]).copied().collect();
    picture.set(width, height, &pixels);
}
