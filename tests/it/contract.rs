//! What CONTRACT.md says beyond the recording: its table of differences row by row, methods, headers, limits, bodies
//! and what happens when a service is away.

mod account;
mod body;
mod difference;
mod guess;
mod header;
mod limit;
mod method;
mod token;
mod upstream;
mod validator;
