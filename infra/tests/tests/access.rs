//! Who may ask what: every route of the API, by every kind of caller.
//!
//! The routes come from the functions themselves, so that a new one without a row in [`rows`] fails
//! here with its name. What a row's access means to each caller stands in [`expected`] and nowhere
//! else. Each row has a shop of its own and each request new people and things, so that none meets
//! what another left behind.

mod callers;
mod expected;
mod gateway;
mod pictures;
mod rows;
mod scene;

use std::{
    collections::BTreeSet,
    fmt::Write,
    sync::{Arc, LazyLock},
};

use anyhow::{Context, Result, ensure};
use tokio::task::JoinSet;
use web::routes::Route;

use callers::Caller;
use expected::{Access, Expected};
use gateway::Gateway;
use rows::Row;
use scene::Scenes;

/// How many shops are open at once; more would only wait for a processor.
const AT_ONCE: usize = 4;

/// The routes of every function that answers HTTP.
static FUNCTIONS: LazyLock<Vec<(&'static str, Vec<Route>)>> = LazyLock::new(|| {
    vec![
        ("auth", auth::routes().table().to_vec()),
        ("accounts", accounts::routes().table().to_vec()),
        ("catalog", catalog::routes().table().to_vec()),
        ("catalog-files", catalog_files::routes().table().to_vec()),
        ("inventory", inventory::routes().table().to_vec()),
        ("cart", cart::routes().table().to_vec()),
        ("orders", orders::routes().table().to_vec()),
        ("payments", payments::routes().table().to_vec()),
    ]
});

#[test]
fn every_route_has_one_row_and_every_row_a_route() {
    let rows: Vec<Route> = rows::all().into_iter().map(|row| row.route).collect();
    let routes: Vec<Route> = FUNCTIONS
        .iter()
        .flat_map(|(_, table)| table.clone())
        .collect();
    let missing = |from: &[Route], of: &[Route]| -> Vec<String> {
        let missing = of.iter().filter(|route| !from.contains(route));
        missing.map(Route::to_string).collect()
    };
    let unguarded = missing(&rows, &routes);
    assert!(
        unguarded.is_empty(),
        "say in access/rows.rs who may: {unguarded:#?}"
    );
    let gone = missing(&routes, &rows);
    assert!(gone.is_empty(), "no function has these: {gone:#?}");
    let names: BTreeSet<String> = rows.iter().map(Route::to_string).collect();
    assert_eq!(names.len(), rows.len(), "a route has two rows");
}

/// Every function that the template routes to is in the table.
#[test]
fn no_function_is_left_out() -> Result<()> {
    let template = emulator::Template::shop()?;
    let routed: BTreeSet<String> = template
        .routes
        .iter()
        .map(|route| route.function.clone())
        .collect();
    let known = FUNCTIONS
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(routed, known);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_gets_in_where_they_may_and_nowhere_else() -> Result<()> {
    let rows = rows::all().into_iter();
    check(rows.map(|row| (row.access, row)).collect(), true).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_catalogue_is_read_by_those_with_an_account() -> Result<()> {
    let rows = rows::all().into_iter();
    let catalogue = rows.filter(|row| row.access == Access::Catalogue);
    let rows: Vec<_> = catalogue.map(|row| (Access::Customer, row)).collect();
    ensure!(!rows.is_empty(), "nothing is read of the catalogue");
    check(rows, false).await
}

/// Lets every caller ask for every row, and tells all that went otherwise at once.
async fn check(rows: Vec<(Access, Row)>, is_catalogue_public: bool) -> Result<()> {
    let gateway = Gateway::open().await?;
    let password_hash: Arc<str> = scene::password_hash().await?.into();
    let expected = Arc::new(Expected::read()?);
    let mut rows = rows.into_iter();
    let (mut asking, mut wrong) = (JoinSet::new(), String::new());
    loop {
        while asking.len() < AT_ONCE
            && let Some((access, row)) = rows.next()
        {
            let (expected, hash) = (Arc::clone(&expected), Arc::clone(&password_hash));
            let scenes = Scenes {
                gateway: gateway.url(),
                password_hash: hash,
                is_catalogue_public,
            };
            asking.spawn(async move { try_all(&row, access, &expected, &scenes).await });
        }
        let Some(tried) = asking.join_next().await else {
            break;
        };
        wrong += &tried??;
    }
    ensure!(wrong.is_empty(), "\n{wrong}");
    Ok(())
}

/// Lets every caller ask for one row; gives a line for each who was answered otherwise.
async fn try_all(
    row: &Row,
    access: Access,
    expected: &Expected,
    scenes: &Scenes,
) -> Result<String> {
    let mut scene = scenes.open().await?;
    let mut wrong = String::new();
    for caller in Caller::ALL {
        if row.is_once_for_ever && caller != Caller::ALL[0] {
            scene = scenes.open().await?;
        }
        let verdict = expected.of(access, row, caller)?;
        let answer = scene.ask(row, caller).await;
        let answer = answer.with_context(|| format!("{} as {caller:?}", row.route))?;
        if !verdict.is_met_by(&answer) {
            let (status, text) = (answer.status, answer.text());
            let route = &row.route;
            writeln!(
                wrong,
                "{route} as {caller:?}: {status} {text:.120}, expected {verdict}"
            )?;
        }
    }
    Ok(wrong)
}
