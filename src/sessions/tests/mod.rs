//! Sessions over a real store on a simulated disk.
