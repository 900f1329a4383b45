//! Disks and files that are not as they should be: full, unusable, damaged or gone.

mod damage;
mod full;
mod lost;
mod place;
mod truth;
