//! What memgate learns, judged on labelled turns and attacks that were written without knowledge of its rules.
//!
//! Each half is judged: `*-dev` may be looked at while a rule is written, `*-test` only judges. A label changes when it is wrong by
//! its meaning, never to fit the code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stdout, clippy::print_stderr)]

mod attacks;
mod corpus;
mod escape;
mod fold;
mod path;
mod recall_set;
mod score;
mod scorer_tests;
mod statements;
