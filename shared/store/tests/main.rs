//! The store on the embedded table, through the real SDK: each pattern with its failing twin, races,
//! and what each costs.

#[cfg(test)]
mod accounts;
#[cfg(test)]
mod catalogue;
#[cfg(test)]
mod categories;
#[cfg(test)]
mod costs;
#[cfg(test)]
mod events;
#[cfg(test)]
mod images;
#[cfg(test)]
mod in_step;
#[cfg(test)]
mod inventory;
#[cfg(test)]
mod layouts;
#[cfg(test)]
mod list_costs;
#[cfg(test)]
mod orders;
#[cfg(test)]
mod product_edits;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod shelves;
#[cfg(test)]
mod shown_stock;
#[cfg(test)]
mod stored;
#[cfg(test)]
mod tree_in_step;
