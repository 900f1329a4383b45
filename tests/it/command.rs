//! The command line from outside: exit codes, messages, files, signals.

mod admin;
mod doctor;
mod exec;
mod exposure;
mod fixture;
mod help;
mod mail;
mod start;
mod stop;
