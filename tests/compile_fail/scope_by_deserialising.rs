//! No bytes become a scope by themselves.

use memgate::enforce::UserScope;

fn parse<T: serde::de::DeserializeOwned>() {}

fn main() {
    parse::<UserScope>();
}
