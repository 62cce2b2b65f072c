//! The pages that operators see in a browser.
