//! A ticket is bytes until the key that issued it redeems it.

use memgate::enforce::{Ticket, TicketKey, UserScope};

fn convert(ticket: Ticket) -> UserScope {
    ticket.into()
}

fn redeem(ticket: &Ticket) {
    let _ = TicketKey::redeem(ticket);
}

fn main() {
    let _ = (convert, redeem);
}
