//! The example `gpu_smoke`: two devices compared, and what is not there.

use crate::example::run;

const SMALL: [&str; 9] = ["--samples", "12", "--batch", "4", "--pixels", "24", "--width", "2", "--json"];

#[test]
fn the_processor_agrees_with_itself() {
    let figures = run("gpu_smoke", &[&SMALL[..], &["--device", "cpu"]].concat()).json();
    assert_eq!((&figures["largest_difference"], &figures["n_steps"]), (&0.0.into(), &3.into()));
    assert!(figures["device_samples_per_second"].as_f64().unwrap() > 0.0, "{figures}");
}

#[test]
fn a_tolerance_that_nothing_meets_fails() {
    let ran = run("gpu_smoke", &[&SMALL[..], &["--device", "cpu", "--tolerance=-1"]].concat());
    assert_eq!(ran.refusal(), "error: cpu and cpu differ by 0.0e0, more than -1.0e0");
}

/// Nothing is trained before it is known whether there is such a device.
#[test]
fn a_gpu_that_is_not_there_is_a_sentence() {
    let ran = run("gpu_smoke", &["--device", "cuda:99"]);
    assert!(ran.refusal().starts_with("error: device `cuda:99` "), "{}", ran.stderr);
}
