//! What a customer chooses between: which options and variants make a product together.

use std::collections::{BTreeMap, HashSet};

use crate::product::Product;

/// How many options a product may have.
pub const MAX_OPTIONS: usize = 3;
/// How many values an option may have.
pub const MAX_VALUES: usize = 40;
/// How long the name or a value of an option may be, in characters.
pub const MAX_CHARS: usize = 50;

/// What is wrong, and at which option or variant, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceFault {
    /// An option before it has this name.
    #[error("Another option has this name.")]
    RepeatedOption(usize),
    /// A value of this option stands there twice.
    #[error("The values of an option have to differ.")]
    RepeatedValue(usize),
    /// The product has options and no variant.
    #[error("A product with options needs variants.")]
    NoVariants,
    /// The product has no options and other variants than itself.
    #[error("A product without options comes one way only.")]
    NotOneWay,
    /// This variant leaves an option open, or names what is none of the product's.
    #[error("Name each option of the product with one of its values.")]
    NoChoice(usize),
    /// A variant before it is the same choice.
    #[error("Another variant is this choice.")]
    RepeatedChoice(usize),
    /// A variant before it has this SKU.
    #[error("product with this sku already exists.")]
    RepeatedSku(usize),
}

impl Product {
    /// Whether it comes one way only. Then its one variant shares id, SKU and price with it.
    pub fn comes_one_way(&self) -> bool {
        self.options.is_empty()
    }

    /// Everything that is wrong with its options and variants; empty when each variant is a choice
    /// of its own and all of them can be told apart.
    pub fn choice_faults(&self) -> Vec<ChoiceFault> {
        if self.comes_one_way() {
            let own = self.sole_variant();
            let own = own.filter(|only| only.id == self.id.into() && only.options.is_empty());
            return match own {
                Some(_) => Vec::new(),
                None => vec![ChoiceFault::NotOneWay],
            };
        }
        let mut faults = Vec::new();
        let mut names = HashSet::new();
        for (place, option) in self.options.iter().enumerate() {
            if !names.insert(&option.name) {
                faults.push(ChoiceFault::RepeatedOption(place));
            }
            let values: HashSet<_> = option.values.iter().collect();
            if values.len() < option.values.len() {
                faults.push(ChoiceFault::RepeatedValue(place));
            }
        }
        if self.variants.is_empty() {
            faults.push(ChoiceFault::NoVariants);
        }
        let (mut choices, mut skus) = (HashSet::new(), HashSet::new());
        for (place, variant) in self.variants.iter().enumerate() {
            if !self.offers(&variant.options) {
                faults.push(ChoiceFault::NoChoice(place));
            } else if !choices.insert(&variant.options) {
                faults.push(ChoiceFault::RepeatedChoice(place));
            }
            if let Some(sku) = &variant.sku
                && !skus.insert(sku)
            {
                faults.push(ChoiceFault::RepeatedSku(place));
            }
        }
        faults
    }

    /// Whether a choice names every option with one of its values, and nothing else.
    fn offers(&self, choice: &BTreeMap<String, String>) -> bool {
        choice.len() == self.options.len()
            && self.options.iter().all(|option| {
                let value = choice.get(&option.name);
                value.is_some_and(|value| option.values.contains(value))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        CategoryId, Id, Money, ProductId, Timestamp, VariantId, Version,
        json::Json,
        product::{Price, ProductOption, Variant},
        stock::ShownStock,
    };

    fn option(name: &str, values: &[&str]) -> ProductOption {
        ProductOption {
            name: name.into(),
            values: values.iter().map(|value| (*value).to_owned()).collect(),
        }
    }

    fn variant(number: u16, choice: &[(&str, &str)], sku: Option<&str>) -> Variant {
        let choice = choice.iter();
        Variant {
            id: VariantId(Id::compose(0, number)),
            sku: sku.map(str::to_owned),
            options: choice
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            price: None,
            is_active: true,
        }
    }

    fn product(options: Vec<ProductOption>, variants: Vec<Variant>) -> Product {
        let id = Id::compose(0, 7);
        Product {
            id: ProductId(id),
            category: CategoryId(id),
            name: "Shirt".into(),
            slug: "shirt".into(),
            description: String::new(),
            sku: None,
            price: Price::new(Money::from_santim(100), None).unwrap(),
            currency: "ETB".into(),
            specifications: Json::default(),
            weight_grams: None,
            low_stock_threshold: None,
            is_featured: false,
            is_active: true,
            options,
            variants,
            images: Vec::new(),
            shown_stock: ShownStock::default(),
            created_at: Timestamp(0),
            updated_at: Timestamp(0),
            version: Version(id),
        }
    }

    #[test]
    fn variants_are_choices_that_can_be_told_apart() {
        let options = vec![option("colour", &["red", "blue"]), option("size", &["S"])];
        let good = |number, colour| variant(number, &[("colour", colour), ("size", "S")], None);
        let faults = |variants| product(options.clone(), variants).choice_faults();
        assert_eq!(faults(vec![good(1, "red"), good(2, "blue")]), []);
        let shirt = product(options.clone(), vec![good(1, "red")]);
        assert_eq!(shirt.title_of(&shirt.variants[0]), "red / S");
        let turned = product(options.iter().rev().cloned().collect(), Vec::new());
        assert_eq!(turned.title_of(&shirt.variants[0]), "S / red");
        assert_eq!(faults(Vec::new()), [ChoiceFault::NoVariants]);
        assert_eq!(
            faults(vec![good(1, "red"), good(2, "red")]),
            [ChoiceFault::RepeatedChoice(1)]
        );
        for bad in [
            &[("colour", "red")][..],
            &[("colour", "green"), ("size", "S")],
            &[("colour", "red"), ("cut", "S")],
            &[("colour", "red"), ("size", "S"), ("cut", "slim")],
        ] {
            assert_eq!(
                faults(vec![good(1, "red"), variant(2, bad, None)]),
                [ChoiceFault::NoChoice(1)],
                "{bad:?}"
            );
        }
    }

    #[test]
    fn names_values_and_skus_stand_there_once() {
        let twice = vec![option("colour", &["red", "red"]), option("colour", &["S"])];
        let red = |number| variant(number, &[("colour", "red")], Some("S-1"));
        let faults = product(twice, vec![red(1)]).choice_faults();
        assert!(
            faults.contains(&ChoiceFault::RepeatedValue(0)),
            "{faults:?}"
        );
        assert!(
            faults.contains(&ChoiceFault::RepeatedOption(1)),
            "{faults:?}"
        );
        let mut blue = red(2);
        blue.options.insert("colour".into(), "blue".into());
        let options = vec![option("colour", &["red", "blue"])];
        assert_eq!(
            product(options, vec![red(1), blue]).choice_faults(),
            [ChoiceFault::RepeatedSku(1)]
        );
    }

    #[test]
    fn a_product_without_options_is_its_own_variant() {
        assert_eq!(
            product(Vec::new(), vec![variant(7, &[], None)]).choice_faults(),
            []
        );
        for variants in [
            Vec::new(),
            vec![variant(8, &[], None)],
            vec![variant(7, &[("colour", "red")], None)],
            vec![variant(7, &[], None), variant(8, &[], None)],
        ] {
            assert_eq!(
                product(Vec::new(), variants).choice_faults(),
                [ChoiceFault::NotOneWay]
            );
        }
    }
}
