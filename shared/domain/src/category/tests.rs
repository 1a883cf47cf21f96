//! The tree: what it shows, and that no sequence of edits breaks it.

use proptest::prelude::*;

use super::*;
use crate::Id;

fn id(number: u16) -> CategoryId {
    CategoryId(Id::compose(0, number))
}

fn category(number: u16, parent: Option<u16>, name: &str, is_active: bool) -> Category {
    Category {
        id: id(number),
        parent: parent.map(id),
        name: name.into(),
        slug: name.to_lowercase(),
        description: String::new(),
        is_active,
        created_at: Timestamp(0),
        version: Version(Id::compose(0, 0)),
    }
}

#[test]
fn depth_counts_from_what_was_asked_for() {
    let tree = CategoryTree::grow([
        category(1, None, "Electronics", true),
        category(2, Some(1), "Phones", true),
        category(3, Some(2), "Android", true),
        category(4, Some(1), "Audio", true),
    ]);
    let roots = tree.roots();
    let names: Vec<_> = roots[0]
        .subcategories
        .iter()
        .map(|b| b.category.name.as_str())
        .collect();
    assert_eq!(names, ["Audio", "Phones"]);
    assert_eq!(tree.branch(id(2)).unwrap().subcategories[0].depth, 1);
}

#[test]
fn what_stands_under_an_inactive_category_is_hidden_with_it() {
    let tree = CategoryTree::grow([
        category(1, None, "Secret", false),
        category(2, Some(1), "Below", true),
        category(3, None, "Open", true),
    ])
    .visible();
    assert!(tree.find(id(2)).is_none());
    assert_eq!(tree.roots().len(), 1);
}

fn draft(number: u16, parent: Option<u16>) -> Category {
    category(number, parent, &format!("C{number}"), true)
}

fn chain(depth: u16) -> CategoryTree {
    let links = (1..=depth).map(|n| draft(n, n.checked_sub(1).filter(|n| *n > 0)));
    CategoryTree::grow(links)
}

#[test]
fn a_tree_has_a_greatest_depth_and_number() {
    let tree = chain(10);
    assert!(tree.create(draft(11, Some(9))).is_ok());
    for (parent, refusal) in [
        (Some(10), CategoryRefusal::TooDeep),
        (Some(12), CategoryRefusal::UnknownParent),
    ] {
        assert_eq!(tree.create(draft(11, parent)), Err(vec![refusal]));
    }
    assert!(tree.create(draft(11, None)).is_ok());
    let full = CategoryTree::grow((1..=1_000).map(|n| draft(n, None)));
    assert_eq!(
        full.create(draft(1_001, None)),
        Err(vec![CategoryRefusal::Full])
    );
    let mut twin = draft(1_001, Some(2_000));
    twin.slug = "c1".into();
    let both = vec![CategoryRefusal::SlugTaken, CategoryRefusal::UnknownParent];
    assert_eq!(full.create(twin), Err(both));
}

#[test]
fn a_category_moves_with_all_under_it() {
    let tree = CategoryTree::grow(chain(6).by_id.into_values().chain([
        draft(20, None),
        draft(21, Some(20)),
        draft(22, Some(21)),
        draft(23, Some(22)),
        draft(24, Some(23)),
    ]));
    let moved = |number: u16, parent: u16| {
        let before = tree.find(id(number)).unwrap();
        let after = Category {
            parent: Some(id(parent)),
            ..before.clone()
        };
        tree.change(before, after)
    };
    let edit = moved(20, 5).unwrap();
    assert_eq!(edit.relies_on.len(), 5, "the way up from the new place");
    assert_eq!(tree.after(&edit).path(id(24)).len(), 10);
    assert_eq!(moved(20, 6), Err(vec![CategoryRefusal::TooDeep]));
    assert!(moved(21, 6).is_ok());
    for under in [1, 2, 6] {
        assert_eq!(moved(1, under), Err(vec![CategoryRefusal::UnderItself]));
    }
}

#[test]
fn a_new_name_leaves_the_shape_alone() {
    let tree = chain(3);
    let before = tree.find(id(2)).unwrap();
    let renamed = Category {
        name: "Phones".into(),
        slug: "phones".into(),
        ..before.clone()
    };
    let edit = tree.change(before, renamed).unwrap();
    assert!(!edit.reshapes && edit.relies_on.is_empty());
    let taken = Category {
        slug: "c3".into(),
        ..before.clone()
    };
    let refused = tree.change(before, taken);
    assert_eq!(refused, Err(vec![CategoryRefusal::SlugTaken]));
    let known = tree.clone().read_at(None, ["claimed".to_owned()]);
    let claimed = Category {
        slug: "claimed".into(),
        ..before.clone()
    };
    let refused = known.change(before, claimed);
    assert_eq!(refused, Err(vec![CategoryRefusal::SlugTaken]));
}

#[test]
fn subcategories_of_a_deleted_category_become_roots_in_bounded_edits() {
    let version = Version(Id::compose(0, 9));
    let many = (2..=200).map(|n| draft(n, Some(1)));
    let mut tree = CategoryTree::grow(many.chain([draft(1, None), draft(201, Some(2))]));
    let mut edits = 0;
    loop {
        let edit = tree.delete(tree.find(id(1)).unwrap(), version);
        assert!(edit.writes.len() <= 91);
        edits += 1;
        tree = tree.after(&edit);
        if edit.deletes(id(1)) {
            break;
        }
        assert_eq!(edit.relies_on.len(), 1, "the one that is to go");
    }
    assert_eq!((edits, tree.len(), tree.roots().len()), (3, 200, 199));
    assert_eq!(tree.path(id(201)).len(), 2);
    let long = |number| Category {
        description: "x".repeat(390_000),
        ..draft(number, Some(1))
    };
    let large = CategoryTree::grow((2..=12).map(long).chain([draft(1, None)]));
    let edit = large.delete(large.find(id(1)).unwrap(), version);
    assert_eq!(edit.writes.len(), 7, "4 MB are a transaction's bound");
}

#[test]
fn a_tree_grows_no_longer_than_can_be_read() {
    let long = |number, length| Category {
        description: "x".repeat(length),
        ..draft(number, None)
    };
    let tree = CategoryTree::grow((1..=19).map(|number| long(number, 250_000)));
    assert!(tree.create(long(20, 200_000)).is_ok());
    let too_long = Err(vec![CategoryRefusal::TooLong]);
    assert_eq!(tree.create(long(20, 250_000)), too_long);
    let before = tree.find(id(1)).unwrap();
    assert_eq!(tree.change(before, long(1, 500_000)), too_long);
    let full = tree.after(&tree.create(long(20, 229_000)).unwrap());
    assert!(full.change(before, long(1, 249_999)).is_ok());
    assert!(full.change(before, long(1, 250_000)).is_ok());
    assert_eq!(full.change(before, long(1, 260_000)), too_long);
}

#[test]
fn descendants_are_all_that_stand_under_a_category() {
    let tree = CategoryTree::grow([
        draft(1, None),
        draft(2, Some(1)),
        draft(3, Some(1)),
        draft(4, Some(3)),
        draft(5, None),
    ]);
    let under = |number| tree.with_descendants(id(number));
    assert_eq!(under(1), [1, 2, 3, 4].map(id));
    assert_eq!(under(4), [id(4)]);
    assert_eq!(under(9), []);
    assert_eq!(chain(10).with_descendants(id(1)).len(), 10);
}

/// Something staff ask for, whether it can be done or not.
#[derive(Debug, Clone)]
enum Wish {
    Create(Option<u16>, u16),
    Move(u16, Option<u16>),
    Rename(u16, u16),
    Delete(u16),
}

fn wishes() -> impl Strategy<Value = Vec<Wish>> {
    let number = || 1..25_u16;
    let parent = || proptest::option::weighted(0.8, number());
    let wish = prop_oneof![
        4 => (parent(), 0..40_u16).prop_map(|(parent, slug)| Wish::Create(parent, slug)),
        4 => (number(), parent()).prop_map(|(moved, parent)| Wish::Move(moved, parent)),
        1 => (number(), 0..40_u16).prop_map(|(renamed, slug)| Wish::Rename(renamed, slug)),
        1 => number().prop_map(Wish::Delete),
    ];
    proptest::collection::vec(wish, 0..120)
}

fn grant(tree: &CategoryTree, wish: &Wish, number: u16) -> Option<TreeEdit> {
    let changed = |number: u16, change: &dyn Fn(&mut Category)| {
        let before = tree.find(id(number))?;
        let mut after = before.clone();
        change(&mut after);
        tree.change(before, after).ok()
    };
    match wish {
        Wish::Create(parent, slug) => {
            let mut new = draft(number, *parent);
            new.slug = format!("s{slug}");
            tree.create(new).ok()
        }
        Wish::Move(moved, parent) => changed(*moved, &|after| after.parent = parent.map(id)),
        Wish::Rename(renamed, slug) => changed(*renamed, &|after| after.slug = format!("s{slug}")),
        Wish::Delete(gone) => {
            let gone = tree.find(id(*gone))?;
            Some(tree.delete(gone, gone.version))
        }
    }
}

proptest! {
    #[test]
    fn no_sequence_of_edits_breaks_the_tree(wishes in wishes()) {
        let mut tree = CategoryTree::default();
        let mut made = 0;
        for wish in &wishes {
            let Some(edit) = grant(&tree, wish, made + 1) else { continue };
            made += u16::from(matches!(wish, Wish::Create(..)));
            tree = tree.after(&edit);
            let slugs: HashSet<_> = tree.by_id.values().map(|one| &one.slug).collect();
            prop_assert_eq!(slugs.len(), tree.len());
            for one in tree.by_id.values() {
                // A path that ends at a root within the bound has no cycle and no gap.
                let path = tree.path(one.id);
                prop_assert!(path.len() <= MAX_DEPTH);
                prop_assert_eq!(path.last().and_then(|root| root.parent), None, "{:?}", wish);
            }
            let shown: usize = tree.roots().iter().map(size).sum();
            prop_assert_eq!(shown, tree.len(), "all hang on the roots");
        }
    }
}

fn size(branch: &Branch<'_>) -> usize {
    1 + branch.subcategories.iter().map(size).sum::<usize>()
}

#[test]
fn a_cycle_in_the_table_does_not_go_round_for_ever() {
    let tree = CategoryTree::grow([
        category(1, Some(2), "A", true),
        category(2, Some(1), "B", true),
    ]);
    assert!(tree.roots().is_empty());
    assert!(tree.branch(id(1)).is_some());
    assert_eq!(tree.path(id(1)).len(), MAX_DEPTH);
}
