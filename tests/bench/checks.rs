//! Runs the unit tests of the load bench. The bench itself has no test harness, because it is a program with a
//! command line; its modules are compiled once more here, with one.

#![allow(dead_code, reason = "only the tests of these modules are wanted here")]
#![expect(clippy::print_stdout, reason = "a program for people: the table is its output")]
#![expect(clippy::cast_precision_loss, reason = "figures for people; no count comes near 2^53")]

mod args;
mod client;
mod dataset;
mod goals;
mod histogram;
mod load;
mod machine;
mod overload;
mod process;
mod proxy;
mod report;
mod rows;
mod searches;
mod text;
mod world;

type Failure = Box<dyn std::error::Error + Send + Sync>;
