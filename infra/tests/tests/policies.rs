//! Least privilege, held against what the functions really do: a walk through the whole shop records
//! every right that was made use of, and the roles in `template.yaml` must grant those and no other.
//! `infra/tests/translate.py` sees to it that SAM adds none.

mod form;
mod needs;
mod roles;
mod slipped_in;
mod walk;

use anyhow::Result;

use crate::shop::Shop;
use crate::template::Document;

#[tokio::test]
async fn each_role_grants_what_is_done_in_it_and_no_more() -> Result<()> {
    let document = Document::read()?;
    let shop = Shop::open().await?;
    walk::walk(&shop).await?;
    let needed = needs::needed(&document, &shop).await?;
    let granted = roles::granted(&document)?;
    assert!(needed.keys().eq(granted.keys()), "{:?}", granted.keys());
    let mut wrong = Vec::new();
    for (role, granted) in &granted {
        let missing = needed[role].difference(granted);
        wrong.extend(missing.map(|right| format!("{role} lacks {right}")));
        let spare = granted.difference(&needed[role]);
        wrong.extend(spare.map(|right| format!("{role} has no use for {right}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    Ok(())
}

#[test]
fn rights_are_granted_only_where_they_are_looked_for() -> Result<()> {
    form::check(&Document::read()?)
}
