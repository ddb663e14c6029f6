//! The example `quickstart`, small, and its report as a browser sees it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::example::run;

fn quickstart(out: &Path) -> serde_json::Value {
    let out = out.to_str().unwrap();
    let few = ["--galaxies", "24", "--stars", "800", "--epochs", "2", "--json"];
    run("quickstart", &[&few[..], &["--out", out]].concat()).json()
}

#[test]
fn it_puts_all_ways_to_a_mass_side_by_side_in_one_page() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("out");
    let figures = quickstart(&out);
    let rows = figures["table"].as_array().unwrap();
    let of = |label: &str| rows.iter().filter(|row| row["label"] == label).count();
    assert_eq!((of("residual network"), of("boosted trees"), of("4.1, power law")), (2, 2, 1), "{figures}");
    assert!(rows.len() > 5, "virial estimators: {figures}");
    for row in rows.iter().filter(|row| !row["ours"].is_null()) {
        let scatter = &row["ours"]["scatter"];
        assert!(scatter["value"].as_f64().unwrap() > 0.0 && scatter["error"].is_number(), "{row}");
    }
    for name in ["set/manifest.json", "model.safetensors", "trees/stars.txt", "predictions.png", "trees.png"]
    {
        assert!(out.join(name).is_file(), "{name}");
    }
    let page = fs::read_to_string(out.join("report.html")).unwrap();
    // Nothing of it lies elsewhere.
    let sources: Vec<&str> = page.split("src=\"").skip(1).map(|rest| &rest[..22]).collect();
    assert_eq!(sources, ["data:image/png;base64,"; 5]);
    assert!(!page.contains("href=") && !page.contains("url("), "a link leads out of the page");
    assert!(page.contains("mock galaxies") && page.contains("residual network"));
    see(&page, folder.path());
}

/// Opens the page in a browser without a window: every picture is one, and nothing is wider than the window.
#[allow(clippy::print_stderr, reason = "says what it skips")]
fn see(page: &str, folder: &Path) {
    let Some(browser) = browser() else {
        eprintln!("skipped the browser: no chromium here, `./setup --contributor` brings one");
        return;
    };
    let script = "<script>addEventListener('load', () => { document.body.dataset.seen = [
        [...document.images].filter(image => image.naturalWidth > 100).length,
        document.querySelectorAll('tbody tr').length,
        document.documentElement.scrollWidth <= innerWidth].join(' ') })</script></body>";
    let path = folder.join("seen.html");
    fs::write(&path, page.replace("</body>", script)).unwrap();
    let profile = format!("--user-data-dir={}", folder.join("profile").display());
    let ran = Command::new(browser)
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--window-size=1000,1200",
            &profile,
            "--dump-dom",
        ])
        .arg(format!("file://{}", path.display()))
        .output()
        .unwrap();
    let seen = String::from_utf8_lossy(&ran.stdout);
    let n_rows = page.matches("<tr>").count() - 1;
    let expected = format!("data-seen=\"5 {n_rows} true\"");
    assert!(seen.contains(&expected), "no {expected}: {}", String::from_utf8_lossy(&ran.stderr));
}

fn browser() -> Option<PathBuf> {
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    names.iter().find_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()))
}
