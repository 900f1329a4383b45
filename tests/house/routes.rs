//! That the routes of the contract, of the README and of the gateway are the same.

use std::collections::BTreeSet;

use crate::rule::{Breach, holds};
use crate::source::Source;
use crate::tidy::markdown::prose;
use crate::tree::Tree;

/// The contract: what front ends written for the original call, and the three routes of search that are ours.
const CONTRACT: [&str; 21] = [
    "POST /api/auth/register",
    "POST /api/auth/login",
    "POST /api/auth/forgot-password",
    "PATCH /api/auth/reset-password/:token",
    "PATCH /api/auth/update-password",
    "GET /api/users/me",
    "PATCH /api/users/update-me",
    "DELETE /api/users/delete-me",
    "GET /api/users",
    "GET /api/users/:id",
    "PATCH /api/users/:id",
    "DELETE /api/users/:id",
    "GET /api/notes",
    "POST /api/notes",
    "GET /api/notes/search",
    "GET /api/notes/tags",
    "GET /api/notes/suggest",
    "GET /api/notes/:id",
    "PATCH /api/notes/:id",
    "DELETE /api/notes/:id",
    "GET /health",
];
const TABLE: &str = "services/gateway/src/routes.rs";
const HEADING: &str = "## Routes";

/// The rows of the table below the heading, by their columns Method and Path; several methods may share a row.
fn readme(text: &str) -> BTreeSet<String> {
    let section = prose(text).map(|(_, line)| line).skip_while(|line| line.trim_end() != HEADING).skip(1);
    let mut rows =
        section.take_while(|line| !line.starts_with("# ") && !line.starts_with("## ")).filter_map(cells);
    let Some(head) = rows.next() else {
        return BTreeSet::new();
    };
    let column = |name: &str| head.iter().position(|cell| cell == name);
    let (Some(method), Some(path)) = (column("Method"), column("Path")) else {
        return BTreeSet::new();
    };
    let mut routes = BTreeSet::new();
    for row in rows {
        let (Some(methods), Some(path)) = (row.get(method), row.get(path)) else {
            continue;
        };
        let path = path.split('?').next().unwrap_or(path);
        let methods = methods.split([',', '/', ' ']).filter(|method| !method.is_empty());
        routes.extend(methods.map(|method| format!("{method} {path}")));
    }
    routes
}

/// The cells of a table's row without their backticks; none for another line and for the rule below the head.
fn cells(line: &str) -> Option<Vec<String>> {
    let row = line.trim().strip_prefix('|')?.strip_suffix('|')?;
    let is_rule = row.chars().all(|c| "|-: ".contains(c));
    let cell = |cell: &str| cell.trim().replace('`', "");
    (!is_rule).then(|| row.split('|').map(cell).collect())
}

/// Each method of the gateway's table with the text that follows it, tests cut.
fn gateway(text: &str) -> BTreeSet<String> {
    let code = Source::of(text).shipped();
    let mut routes = BTreeSet::new();
    for (at, _) in code.match_indices("Method::") {
        let from = text.split_at(at).1;
        let method: String =
            from.chars().skip("Method::".len()).take_while(char::is_ascii_uppercase).collect();
        if let Some(path) = from.split('"').nth(1).filter(|path| !method.is_empty() && path.starts_with('/'))
        {
            routes.insert(format!("{method} {path}"));
        }
    }
    routes
}

fn differences(place: &str, found: &BTreeSet<String>) -> Vec<Breach> {
    let contract: BTreeSet<String> = CONTRACT.iter().map(|route| (*route).to_owned()).collect();
    let missing = contract.difference(found).map(|route| {
        Breach::new(
            place,
            format!("{route} is missing"),
            "every route of the contract is listed: add its row",
        )
    });
    let unknown = found.difference(&contract).map(|route| {
        let remedy = "a new route is added to CONTRACT in tests/house/routes.rs, to README.md, to the gateway's table \
                      and to the access test; a wrong one is taken out";
        Breach::new(place, format!("{route} is no route of the contract"), remedy)
    });
    missing.chain(unknown).collect()
}

#[test]
fn the_readme_lists_the_routes_of_the_contract() {
    let breaches = differences("README.md, ## Routes", &readme(Tree::read().text("README.md")));
    holds("README.md has the contract's routes in the columns Method and Path below `## Routes`", breaches);
}

#[test]
fn the_gateway_lists_the_routes_of_the_contract() {
    let breaches = differences(TABLE, &gateway(Tree::read().text(TABLE)));
    holds("the gateway's table has the contract's routes", breaches);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_read_by_the_names_of_its_columns() {
        let text = "# A\n## Routes\n\n| Who | Method | Path |\n|---|---|---|\n| a | GET | `/api/notes?page` |\n\
                    | b | PATCH, DELETE | `/api/notes/:id` |\n\n## Other\n| Method | Path |\n|--|--|\n| PUT | /x |\n";
        let routes = readme(text);
        assert_eq!(
            routes.iter().collect::<Vec<_>>(),
            ["DELETE /api/notes/:id", "GET /api/notes", "PATCH /api/notes/:id"]
        );
    }

    #[test]
    fn a_page_without_the_table_has_no_routes() {
        for text in ["", "## Routes\nnone\n", "## Routes\n| A | B |\n|---|---|\n| GET | /x |\n"] {
            assert_eq!(readme(text), BTreeSet::new(), "{text}");
        }
    }

    #[test]
    fn the_table_of_the_gateway_is_read_without_its_tests() {
        let text = "//! Method::PUT \"/no\"\nto(Auth, Method::POST,\n  \"/api/auth/login\", Anyone),\n\
                    Route { method: Method::GET, path: \"/health\" },\n#[cfg(test)]\nmod t { x(Method::PUT, \"/x\"); }";
        assert_eq!(gateway(text).iter().collect::<Vec<_>>(), ["GET /health", "POST /api/auth/login"]);
    }

    #[test]
    fn a_missing_and_an_unlisted_route_are_told() {
        let mut routes: BTreeSet<String> = CONTRACT.iter().map(|route| (*route).to_owned()).collect();
        routes.remove("GET /health");
        routes.insert("PUT /api/notes".to_owned());
        let told: Vec<_> = differences("x", &routes).into_iter().map(|breach| breach.what).collect();
        assert_eq!(told, ["GET /health is missing", "PUT /api/notes is no route of the contract"]);
    }
}
