//! The tree of categories under edits, races and faults.

use std::{collections::BTreeMap, convert::Infallible, sync::Arc};

use domain::{
    CategoryId,
    category::{Category, CategoryRefusal, CategoryTree, MAX_DEPTH},
};
use emulator::{Fault, FaultKind, Service};
use futures::future::join_all;
use store::{CreateCategoryError, DeleteCategoryError, EditError};

use crate::{samples::Bench, stored::everything};

/// Why an edit was refused.
pub type Refused = EditError<Vec<CategoryRefusal>>;

/// A category that was made.
pub async fn made(bench: &Bench, slug: &str, parent: Option<CategoryId>) -> Category {
    let category = bench.category(slug, parent);
    bench.store.create_category(&category).await.unwrap();
    category
}

/// Changes a category, if it is there.
pub async fn changed(
    bench: &Bench,
    id: CategoryId,
    change: impl Fn(&mut Category),
) -> Result<(), Refused> {
    let decide = |tree: &CategoryTree| {
        let before = tree.find(id).ok_or_else(Vec::new)?;
        let mut after = Category {
            version: bench.version(),
            ..before.clone()
        };
        change(&mut after);
        Ok((tree.change(before, after)?, ()))
    };
    bench.store.edit_categories(decide).await
}

/// Deletes a category, if nothing stands in it.
pub async fn deleted(bench: &Bench, id: CategoryId) -> Result<(), DeleteCategoryError<Infallible>> {
    let admit = |_: &Category| Ok(());
    let version = || bench.version();
    bench.store.delete_category(id, version, admit).await
}

/// That the tree has no gap and no cycle, that each slug is claimed by its category and no other, and
/// that products stand in categories that are there.
pub async fn assert_whole(bench: &Bench) -> CategoryTree {
    let tree = bench.store.fresh_category_tree().await.unwrap();
    let (mut slugs, mut claims) = (BTreeMap::new(), BTreeMap::new());
    for (key, item) in everything(bench).await {
        let (pk, sk) = key.split_once(" / ").unwrap();
        if sk.starts_with("CATEGORY#") {
            let category: Category = serde_json::from_value(item).unwrap();
            let path = tree.path(category.id);
            assert!(path.len() <= MAX_DEPTH);
            assert_eq!(path.last().unwrap().parent, None, "{category:?}");
            slugs.insert(category.slug, category.id);
        } else if let Some(slug) = pk.strip_prefix("SLUG#CATEGORY#") {
            let owner = serde_json::from_value(item["category"].clone()).unwrap();
            claims.insert(slug.to_owned(), owner);
        } else if let Some(shelf) = pk.strip_prefix("SHELF#") {
            let shelf: u64 = shelf.parse().unwrap();
            let category = CategoryId::try_from(shelf).unwrap();
            assert!(tree.find(category).is_some(), "{key}");
        }
    }
    assert_eq!(slugs, claims);
    assert_eq!(slugs.len(), tree.len());
    tree
}

#[tokio::test]
async fn a_category_needs_its_parent_and_a_slug_of_its_own() {
    let bench = Bench::open().await;
    let root = made(&bench, "root", None).await;
    let child = made(&bench, "child", Some(root.id)).await;
    let lost = CategoryId(bench.id());
    for (slug, parent, all) in [
        ("child", None, vec![CategoryRefusal::SlugTaken]),
        ("orphan", Some(lost), vec![CategoryRefusal::UnknownParent]),
        (
            "root",
            Some(lost),
            vec![CategoryRefusal::SlugTaken, CategoryRefusal::UnknownParent],
        ),
    ] {
        let refused = bench.category(slug, parent);
        let refused = bench.store.create_category(&refused).await;
        assert!(
            matches!(&refused, Err(CreateCategoryError::Refused(found)) if *found == all),
            "{refused:?}"
        );
    }
    let twin = Category {
        slug: "twin".into(),
        ..child.clone()
    };
    let twin = bench.store.create_category(&twin).await;
    assert!(
        matches!(twin, Err(CreateCategoryError::IdTaken)),
        "{twin:?}"
    );
    let tree = assert_whole(&bench).await;
    assert_eq!(tree.roots().len(), 1);
    assert_eq!(tree.roots()[0].subcategories[0].category, &child);
}

#[tokio::test]
async fn a_new_slug_frees_the_old_one() {
    let bench = Bench::open().await;
    let phones = made(&bench, "phones", None).await;
    let audio = made(&bench, "audio", None).await;
    let rename = |slug: &'static str| changed(&bench, phones.id, |after| after.slug = slug.into());
    let refused = rename("audio").await;
    assert!(
        matches!(&refused, Err(EditError::Refused(all)) if all == &[CategoryRefusal::SlugTaken]),
        "{refused:?}"
    );
    rename("mobiles").await.unwrap();
    made(&bench, "phones", Some(audio.id)).await;
    assert_eq!(assert_whole(&bench).await.len(), 3);
}

#[tokio::test]
async fn a_slug_that_is_claimed_behind_the_tree_is_refused() {
    let bench = Bench::open().await;
    made(&bench, "phones", None).await;
    // As it is when a claim is written between the reading of the tree and the commit.
    let key = |name: &str, value: &str| {
        let value = aws_sdk_dynamodb::types::AttributeValue::S(value.into());
        (name.to_owned(), value)
    };
    let claim = bench
        .table
        .client()
        .put_item()
        .table_name(bench.table.name())
        .set_item(Some(
            [key("pk", "SLUG#CATEGORY#audio"), key("sk", "CLAIM")].into(),
        ));
    claim.send().await.unwrap();
    let refused = bench
        .store
        .create_category(&bench.category("audio", None))
        .await;
    assert!(
        matches!(&refused, Err(CreateCategoryError::Refused(all)) if all == &[CategoryRefusal::SlugTaken]),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_moves_at_once_cannot_make_a_cycle() {
    let bench = Arc::new(Bench::open().await);
    for round in 0..12 {
        let one = made(&bench, &format!("one-{round}"), None).await;
        let inner = made(&bench, &format!("inner-{round}"), Some(one.id)).await;
        let other = made(&bench, &format!("other-{round}"), None).await;
        let moves = [(one.id, other.id), (other.id, inner.id)].map(|(moved, to)| {
            let bench = Arc::clone(&bench);
            tokio::spawn(
                async move { changed(&bench, moved, |after| after.parent = Some(to)).await },
            )
        });
        let moved: Vec<_> = join_all(moves)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let refused: Vec<_> = moved.into_iter().filter_map(Result::err).collect();
        assert!(
            matches!(&refused[..], [EditError::Refused(all)] if all == &[CategoryRefusal::UnderItself]),
            "{refused:?}"
        );
        assert_whole(&bench).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tree_stays_whole_whatever_happens_at_once() {
    let bench = Arc::new(Bench::open().await);
    let mut all = Vec::new();
    for number in 0..12 {
        let parent = (number % 3 > 0).then(|| all[number - 1]);
        all.push(made(&bench, &format!("c-{number}"), parent).await.id);
    }
    let tasks = (0..6_usize).map(|task| {
        let (bench, all) = (Arc::clone(&bench), all.clone());
        tokio::spawn(async move {
            for step in 0..10_usize {
                let pick = |salt: usize| all[(task * 31 + step * 17 + salt * 7) % all.len()];
                let done = match (task + step) % 5 {
                    0 => match deleted(&bench, pick(1)).await {
                        Err(DeleteCategoryError::Store(fault)) => Err(fault),
                        _ => Ok(()),
                    },
                    1 => {
                        let new = bench.category(&format!("new-{task}-{step}"), Some(pick(2)));
                        match bench.store.create_category(&new).await {
                            Err(CreateCategoryError::Store(fault)) => Err(fault),
                            _ => Ok(()),
                        }
                    }
                    _ => {
                        let to = pick(4);
                        match changed(&bench, pick(3), |after| after.parent = Some(to)).await {
                            Err(EditError::Store(fault)) => Err(fault),
                            _ => Ok(()),
                        }
                    }
                };
                done.unwrap();
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    assert_whole(&bench).await;
}

#[tokio::test]
async fn subcategories_of_a_deleted_category_become_roots() {
    let bench = Bench::open().await;
    let root = made(&bench, "root", None).await;
    let gone = made(&bench, "gone", Some(root.id)).await;
    for number in 0..100 {
        made(&bench, &format!("child-{number}"), Some(gone.id)).await;
    }
    deleted(&bench, gone.id).await.unwrap();
    let tree = assert_whole(&bench).await;
    assert_eq!((tree.len(), tree.roots().len()), (101, 101));
    let again = deleted(&bench, gone.id).await;
    assert!(matches!(again, Err(DeleteCategoryError::Missing)));
    made(&bench, "gone", None).await;
}

#[tokio::test]
async fn lost_answers_and_conflicts_change_nothing_about_the_outcome() {
    for kind in [
        FaultKind::LostAnswer,
        FaultKind::Conflict,
        FaultKind::Throttled,
    ] {
        for nth in 1..=8 {
            let bench = Bench::open().await;
            let root = made(&bench, "root", None).await;
            let inner = made(&bench, "inner", Some(root.id)).await;
            let fault = Fault {
                service: Service::Dynamodb,
                nth,
                kind,
                times: 1,
            };
            bench.wire.inject(fault).unwrap();
            changed(&bench, inner.id, |after| {
                after.parent = None;
                after.slug = "outer".into();
            })
            .await
            .unwrap();
            deleted(&bench, root.id).await.unwrap();
            bench.wire.clear_faults();
            let tree = assert_whole(&bench).await;
            assert_eq!(tree.len(), 1, "{kind:?} of call {nth}");
            assert_eq!(tree.roots()[0].category.slug, "outer");
        }
    }
}
