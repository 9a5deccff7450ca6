//! The explorer: tries every sequence of operations in small worlds and checks
//! the invariant after each.
//!
//! [`search`] is the search, [`world`] says what is tried, [`op`] how; [`key`]
//! recognises states; [`story`] and [`report`] are for people.

mod apply;
mod ghost;
pub mod key;
pub mod op;
pub mod report;
pub mod scenario;
pub mod search;
pub mod story;
mod words;
pub mod world;
