//! Which face gets which look.

use super::Look;
use crate::{Error, Face, Result};

/// The looks of a list of faces: one for all, or one each.
///
/// [`gpu::Renderer`](crate::gpu::Renderer) takes whatever turns into this: a `&Look`, or a slice of looks in the order of the
/// faces. A face with [`Look::NONE`] stays as it is.
#[derive(Debug, Clone, Copy)]
pub struct Looks<'a>(Given<'a>);

#[derive(Debug, Clone, Copy)]
enum Given<'a> {
    /// All faces get this one.
    All(&'a Look),
    /// Each face gets its own, in the order of the faces.
    Each(&'a [Look]),
    /// By the faces' ids; checked before.
    ById(&'a FaceLooks),
}

impl<'a> Looks<'a> {
    /// The look of a face at that place of the list.
    pub(crate) fn of(&self, index: usize, face: &Face) -> &'a Look {
        const NONE: &Look = &Look::NONE;
        match self.0 {
            Given::All(look) => look,
            Given::Each(looks) => looks.get(index).unwrap_or(NONE),
            Given::ById(looks) => looks.of(face.id),
        }
    }

    /// Fails where a look is not valid, or where there are not as many as faces.
    pub(crate) fn check(&self, faces: usize) -> Result<()> {
        match self.0 {
            Given::All(look) => look.check(),
            Given::Each(looks) if looks.len() != faces => Err(Error::LookCount { faces, looks: looks.len() }),
            Given::Each(looks) => looks.iter().try_for_each(Look::check),
            Given::ById(_) => Ok(()),
        }
    }
}

impl<'a> From<&'a Look> for Looks<'a> {
    fn from(look: &'a Look) -> Self {
        Self(Given::All(look))
    }
}

impl<'a> From<&'a [Look]> for Looks<'a> {
    fn from(looks: &'a [Look]) -> Self {
        Self(Given::Each(looks))
    }
}

impl<'a, const N: usize> From<&'a [Look; N]> for Looks<'a> {
    fn from(looks: &'a [Look; N]) -> Self {
        Self(Given::Each(looks))
    }
}

impl<'a> From<&'a Vec<Look>> for Looks<'a> {
    fn from(looks: &'a Vec<Look>) -> Self {
        Self(Given::Each(looks))
    }
}

impl<'a> From<&'a FaceLooks> for Looks<'a> {
    fn from(looks: &'a FaceLooks) -> Self {
        Self(Given::ById(looks))
    }
}

/// Most faces that have a look of their own at once: several times as many as can be followed.
const MOST: usize = 256;

/// A session's looks: one for all faces, and others for some of them, by id.
#[derive(Debug, Clone)]
pub(crate) struct FaceLooks {
    pub(crate) default: Look,
    /// In the order of their ids.
    own: Vec<(u64, Look)>,
}

impl FaceLooks {
    pub(crate) fn new(default: Look) -> Self {
        Self { default, own: Vec::new() }
    }

    /// Changes the look of all faces that have none of their own.
    ///
    /// # Errors
    ///
    /// As [`Look::check`]; the looks are then as they were.
    pub(crate) fn set_default(&mut self, look: Look) -> Result<()> {
        look.check()?;
        self.default = look;
        Ok(())
    }

    /// The look of a face.
    pub(crate) fn of(&self, id: u64) -> &Look {
        let own = self.own.binary_search_by_key(&id, |(id, _)| *id).ok().and_then(|index| self.own.get(index));
        own.map_or(&self.default, |(_, look)| look)
    }

    /// Gives a face a look of its own, or takes it away. Ids are never given twice and count up: where there are too many, the
    /// face that was seen first is the one that is gone for longest.
    ///
    /// # Errors
    ///
    /// As [`Look::check`]; the looks are then as they were.
    pub(crate) fn set(&mut self, id: u64, look: Option<Look>) -> Result<()> {
        if let Some(look) = &look {
            look.check()?;
        }
        match (self.own.binary_search_by_key(&id, |(id, _)| *id), look) {
            (Ok(index), Some(look)) => {
                if let Some(own) = self.own.get_mut(index) {
                    own.1 = look;
                }
            }
            (Ok(index), None) => drop(self.own.remove(index)),
            (Err(index), Some(look)) => {
                self.own.insert(index, (id, look));
                if self.own.len() > MOST {
                    self.own.remove(0);
                }
            }
            (Err(_), None) => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_has_its_own_look_until_it_is_taken_away() {
        let mut looks = FaceLooks::new(Look::NATURAL);
        looks.set(7, Some(Look::GLAM)).unwrap();
        looks.set(3, Some(Look::NONE)).unwrap();
        looks.set(7, Some(Look::SOFT)).unwrap();
        assert_eq!([looks.of(3), looks.of(5), looks.of(7)], [&Look::NONE, &Look::NATURAL, &Look::SOFT]);
        looks.set(3, None).unwrap();
        looks.set(4, None).unwrap();
        assert_eq!(looks.of(3), &Look::NATURAL);
        for id in 10..400 {
            looks.set(id, Some(Look::GLAM)).unwrap();
        }
        assert_eq!((looks.of(7), looks.of(399)), (&Look::NATURAL, &Look::GLAM));
        assert_eq!(looks.own.len(), MOST);
        let mut bad = Look::GLAM;
        bad.skin.smooth = 2.0;
        assert!(looks.set(399, Some(bad.clone())).is_err() && looks.set_default(bad).is_err());
        assert_eq!((looks.of(399), looks.of(1)), (&Look::GLAM, &Look::NATURAL));
    }
}
