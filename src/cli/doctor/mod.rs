//! `memgate doctor`
use std::io::Write;

use clap::Args;

use super::args::ControlArgs;
use super::output::Failure;

#[derive(Debug, Args)]
pub(super) struct DoctorArgs {
    #[command(flatten)]
    control: ControlArgs,
}

pub(super) fn examine(_args: &DoctorArgs, _out: &mut dyn Write) -> Result<(), Failure> {
    Ok(())
}
