//! Sessions: a person's conversations, by keys that are unique within that person's scope alone.
