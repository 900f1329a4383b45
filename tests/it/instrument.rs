//! What a test sees and disturbs a world with, over the control API: mail, tokens, faults and traces; alike for one
//! process and for four.

mod fault;
mod mail;
mod trace;
