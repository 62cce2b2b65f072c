//! Lists that come in pages, gathered.

use super::ClientError;
use crate::admin::api::{AuditFilter, BudgetFilter, DecisionFilter, FactFilter, Page, SandboxFilter, SessionFilter, UserFilter};

/// Pages that are asked for at most: a list that never ends is given up.
const MOST_PAGES: usize = 100_000;

/// A question that is answered in pages.
pub trait Paged {
    /// Where the page that is asked for begins, as the one before said.
    fn cursor(&mut self) -> &mut Option<String>;
}

macro_rules! paged {
    ($($filter:ty),+) => {
        $(impl Paged for $filter {
            fn cursor(&mut self) -> &mut Option<String> {
                &mut self.cursor
            }
        })+
    };
}

paged!(AuditFilter, UserFilter, FactFilter, SandboxFilter, SessionFilter, DecisionFilter, BudgetFilter);

/// Turns page after page, until the list has ended or `most` entries were read. What is left begins at the answer's `next`.
///
/// # Errors
/// Those of the calls. The entries before are lost.
pub async fn gather<F: Paged, T>(
    mut filter: F,
    most: usize,
    mut ask: impl AsyncFnMut(&F) -> Result<Page<T>, ClientError>,
) -> Result<Page<T>, ClientError> {
    let mut gathered = ask(&filter).await?;
    for _ in 1..MOST_PAGES {
        if gathered.next.is_none() || gathered.items.len() >= most {
            break;
        }
        *filter.cursor() = gathered.next.take();
        let page = ask(&filter).await?;
        gathered.items.extend(page.items);
        gathered.next = page.next;
    }
    Ok(gathered)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn pages_are_turned_to_the_end_or_the_bound() {
        let ask = async |filter: &UserFilter| {
            let at: usize = filter.cursor.as_deref().map_or(0, |cursor| cursor.parse().unwrap());
            let next = (at < 6).then(|| (at + 2).to_string());
            Ok(Page { items: vec![at, at + 1], next, total: Some(8) })
        };
        let all = gather(UserFilter::default(), usize::MAX, ask).await.unwrap();
        assert_eq!((all.items, all.next, all.total), ((0..8).collect(), None, Some(8)));
        let some = gather(UserFilter::default(), 3, ask).await.unwrap();
        assert_eq!((some.items, some.next.as_deref()), ((0..4).collect(), Some("4")));
        let rest = gather(UserFilter { cursor: some.next, ..UserFilter::default() }, 100, ask).await.unwrap();
        assert_eq!(rest.items, (4..8).collect::<Vec<_>>());
    }

    #[tokio::test]
    async fn a_list_that_never_ends_is_given_up() {
        let mut asked = 0;
        let page = gather(UserFilter::default(), usize::MAX, async |_: &UserFilter| {
            asked += 1;
            Ok(Page::<()> { next: Some("again".to_owned()), ..Page::default() })
        });
        assert!(page.await.unwrap().next.is_some());
        assert_eq!(asked, MOST_PAGES);
    }
}
