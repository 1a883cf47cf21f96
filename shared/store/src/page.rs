//! Lists that grow are read page by page, newest first, from an id downwards.

use domain::Id;

/// Which part of a list to read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// At most so many entries, 1 to 100.
    pub limit: usize,
    /// Only what comes after this id in the list: the last one of the page before.
    pub after: Option<Id>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Page<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last one. A page may be short and still not the
    /// last: reading is bounded, not the list.
    pub next: Option<Id>,
}

impl<T> Page<T> {
    /// The same page of something made from its entries.
    pub fn map<U>(self, change: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(change).collect(),
            next: self.next,
        }
    }

    /// Cuts a page out of a list that is bounded and in memory already.
    pub fn cut(all: Vec<T>, request: PageRequest, id: impl Fn(&T) -> Id) -> Page<T> {
        let start = request.after.map_or(0, |after| {
            all.iter()
                .position(|entry| id(entry) == after)
                .map_or(all.len(), |at| at + 1)
        });
        let more = all.len().saturating_sub(start) > request.limit;
        let items: Vec<T> = all.into_iter().skip(start).take(request.limit).collect();
        let next = if more { items.last().map(&id) } else { None };
        Page { items, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(count: u16) -> Vec<Id> {
        (0..count).map(|number| Id::compose(0, number)).collect()
    }

    #[test]
    fn pages_join_without_gap_or_repetition() {
        let mut seen = Vec::new();
        let mut after = None;
        loop {
            let page = Page::cut(numbers(7), PageRequest { limit: 3, after }, |id| *id);
            seen.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        assert_eq!(seen, numbers(7));
    }

    #[test]
    fn a_page_that_ends_the_list_has_no_next() {
        let page = Page::cut(
            numbers(3),
            PageRequest {
                limit: 3,
                after: None,
            },
            |id| *id,
        );
        assert_eq!(page.next, None);
    }
}
