//! The terminal user interface, over the admin API.
