use super::*;

const HEADER: &str = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,\
Option2 Name,Option2 Value,Variant SKU,Variant Grams,Variant Inventory Qty,Variant Price,\
Variant Compare At Price,Image Src,Image Position,Image Alt Text,Status";

fn read_rows(rows: &str) -> Vec<Result<Goods, Vec<Problem>>> {
    read(format!("{HEADER}\n{rows}").as_bytes()).unwrap()
}

fn problems(rows: &str) -> Vec<(u64, &'static str, String)> {
    let found = read_rows(rows)
        .into_iter()
        .filter_map(Result::err)
        .flatten();
    found
        .map(|problem| (problem.line, problem.column, problem.message))
        .collect()
}

#[test]
fn rows_of_one_handle_are_one_product() {
    let found = read_rows(
        "t-shirt,T-Shirt,\"<p>Cotton, soft.\nAnd \"\"warm\"\".</p>\",Sabahar,Shirts,\"summer, new\",TRUE,Size,M,Colour,Red,TS-M-R,180,5,450.00,500.00,https://img.example/1.jpg,1,Front,active\n\
         t-shirt,,,,,,,,L,,Red,TS-L-R,180,-2,450.00,,https://img.example/2.jpg,2,,\n\
         t-shirt,,,,,,,,,,,,,,,,https://img.example/3.jpg,3,Back,\n\
         jebena,ጀበና,,,,,,Title,Default Title,,,,1200.0,3,850,,,,,draft\n",
    );
    let [Ok(shirt), Ok(pot)] = found.as_slice() else {
        panic!("{found:?}");
    };
    assert_eq!(shirt.line, 2);
    assert_eq!(shirt.description, "<p>Cotton, soft.\nAnd \"warm\".</p>");
    assert_eq!(shirt.shelf.name.as_deref(), Some("Shirts"));
    assert_eq!(
        shirt.specifications,
        Specifications::Parts(
            serde_json::json!({ "vendor": "Sabahar", "tags": ["summer", "new"] })
                .as_object()
                .unwrap()
                .clone()
        )
    );
    let names: Vec<_> = shirt
        .options
        .iter()
        .map(|option| option.name.as_str())
        .collect();
    assert_eq!(names, ["Size", "Colour"]);
    assert_eq!(shirt.options[0].values, ["M", "L"]);
    assert_eq!(shirt.options[1].values, ["Red"]);
    assert_eq!(shirt.variants[0].price.list().to_string(), "500.00");
    assert_eq!(shirt.variants[0].price.final_price().to_string(), "450.00");
    assert_eq!(shirt.variants[1].price.discounted(), None);
    assert_eq!(shirt.variants[1].units, Some(0), "below zero is nothing");
    assert_eq!(shirt.images.len(), 3);
    assert!(shirt.images[0].is_main && !shirt.images[1].is_main);
    assert_eq!((pot.line, pot.name.as_str()), (6, "ጀበና"));
    assert!(pot.options.is_empty() && !pot.is_active);
    assert_eq!(pot.variants[0].weight_grams, Some(1200));
    assert_eq!(pot.variants[0].units, Some(3));
}

#[test]
fn what_is_wrong_is_told_by_line_and_column_and_costs_that_product_only() {
    let rows = "good,Good,,,,,,,,,,,,,10,,,,,\n\
                bad,,,,,,maybe,Size,M,,,,x,,,,ftp://x,,,gone\n\
                bad,,,,,,,,,,,S,,,1.234,,,,,\n\
                ,Nameless,,,,,,,,,,,,,10,,,,,\n\
                good,Again,,,,,,,,,,,,,10,,,,,\n\
                fine,Fine,,,,,,,,,,,,,10,,,,,\n";
    let kept: Vec<_> = read_rows(rows).into_iter().filter_map(Result::ok).collect();
    let kept: Vec<_> = kept.iter().map(|goods| goods.slug.as_str()).collect();
    assert_eq!(kept, ["good", "fine"]);
    let told = problems(rows);
    for (line, column) in [
        (3, "Title"),
        (3, "Variant Grams"),
        (3, "Variant Price"),
        (4, "Option1 Value"),
        (4, "Variant Price"),
        (5, "Handle"),
        (6, "Handle"),
    ] {
        let is_told = told.iter().any(|(at, of, _)| (*at, *of) == (line, column));
        assert!(is_told, "{line} {column} in {told:?}");
    }
}

#[test]
fn a_file_needs_its_columns() {
    assert_eq!(read(b"").unwrap_err(), Unreadable::Empty);
    assert_eq!(
        read(b"Handle,Title\n").unwrap_err(),
        Unreadable::NoColumn("Variant Price")
    );
    assert_eq!(
        read(b"\xef\xbb\xbfHandle,Title,Variant Price\n").unwrap(),
        Vec::new()
    );
    let spreadsheet = b"Handle,Title,Variant Price\r\na,A,1\r\n\r\nb,B,x\r\n";
    assert_eq!(
        read(spreadsheet).unwrap()[1].as_ref().unwrap_err()[0].line,
        4
    );
    let wrong = read(b"Handle,Title,Variant Price\nx,\xff,1\n").unwrap();
    assert_eq!(
        wrong[0].as_ref().unwrap_err()[0].message,
        "The row is not UTF-8."
    );
}

#[test]
fn a_handle_of_any_script_and_length_has_a_slug_of_its_own() {
    assert_eq!(slug_of("blue_Shoes-2"), "blue_Shoes-2");
    let long = "a-very-long-handle-of-a-product-that-goes-on-and-on-and-on";
    let slugs = [
        slug_of(long),
        slug_of(&format!("{long}-more")),
        slug_of("ቡና"),
        slug_of("☕"),
    ];
    for slug in &slugs {
        assert!((1..=slug::MAX_LENGTH).contains(&slug.len()), "{slug}");
    }
    assert_ne!(slugs[0], slugs[1]);
    assert_eq!(slug_of(long), slugs[0], "the same each time");
}
