//! Wrong bytes anywhere in HDF5 files, their structure included, read in child processes: the HDF5 library may end
//! a process over them, our code may not.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::{env, fs, io};

use crate::specimen::{self, Part, Specimen};
use crate::{PATIENCE, memory};

/// Tells a child which bytes to get wrong: those of this part of this specimen, from this case on.
const ORDER: &str = "GALMASS_CORRUPTION_ORDER";

/// What is done to a byte, in turn.
const FLIPS: [u8; 3] = [0x01, 0x80, 0xff];

/// Every so many bytes one is wrong. The structures of HDF5 have lengths of 2, 4 and 8 bytes.
const STRIDE: usize = 5;

/// How a child ended that did not live to the end of its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// By this signal: the C library.
    Signal(i32),
    /// It had to be killed.
    Hangs,
}

fn damaged(part: &Part, case: usize) -> Vec<u8> {
    let mut bytes = part.bytes.clone();
    bytes[case * STRIDE] ^= FLIPS[case % FLIPS.len()];
    bytes
}

fn n_cases(part: &Part) -> usize {
    part.bytes.len().div_ceil(STRIDE)
}

/// Does nothing unless [`wrong_bytes_anywhere_never_make_us_panic`] starts it.
#[test]
#[ignore = "a part of another test"]
fn child() {
    let Ok(order) = env::var(ORDER) else { return };
    let [index, part, first] = order.split(' ').map(|word| word.parse().unwrap()).collect::<Vec<usize>>()[..]
    else {
        panic!("{ORDER}={order}");
    };
    let specimens = specimen::all();
    let specimen: &Specimen = &specimens[index];
    let part = &specimen.parts[part];
    let mut most = 0;
    for case in first..n_cases(part) {
        fs::write(&part.path, damaged(part, case)).unwrap();
        let mut out = io::stdout();
        writeln!(out, "case {case} {most}").and_then(|()| out.flush()).unwrap();
        most = memory::most_taken(|| _ = specimen.read());
    }
}

/// What a child says: that it is about to read this case, and that the one before took this much memory \[bytes\].
type News = (usize, usize);

/// Starts a child; what it says arrives at the receiver, which is cut off when it ends, and its errors in a file.
fn start(order: &str, errors: &Path) -> (Child, mpsc::Receiver<News>) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["children::child", "--exact", "--ignored", "--nocapture"])
        .env(ORDER, order)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(errors).unwrap())
        .spawn()
        .unwrap();
    let out = BufReader::new(child.stdout.take().unwrap());
    let (tell, hear) = mpsc::channel();
    thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            let mut words = line.rsplit("case ").next().unwrap_or_default().split(' ').map(str::parse);
            if let (Some(Ok(case)), Some(Ok(taken))) = (words.next(), words.next())
                && tell.send((case, taken)).is_err()
            {
                break;
            }
        }
    });
    (child, hear)
}

/// Follows a child to its end: the last case that it began, and how it ended.
fn follow(order: &str, errors: &Path, largest: &mut usize) -> (Option<usize>, Result<ExitStatus, End>) {
    let (mut child, hear) = start(order, errors);
    let mut last = None;
    loop {
        match hear.recv_timeout(PATIENCE) {
            Ok((case, taken)) => {
                last = Some(case);
                *largest = taken.max(*largest);
            }
            Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().unwrap();
                return (last, status.signal().map_or(Ok(status), |signal| Err(End::Signal(signal))));
            }
            Err(RecvTimeoutError::Timeout) => {
                child.kill().unwrap();
                child.wait().unwrap();
                return (last, Err(End::Hangs));
            }
        }
    }
}

/// What Rust says before it ends a process by itself.
const LAST_WORDS: [&str; 3] = ["panicked at", "memory allocation of", "has overflowed its stack"];

#[test]
#[ignore = "long: bytes all along each HDF5 file, in child processes"]
#[allow(clippy::print_stderr, reason = "how often the C library fails is what one runs it for")]
fn wrong_bytes_anywhere_never_make_us_panic() {
    let folder = tempfile::tempdir().unwrap();
    let errors = folder.path().join("stderr");
    for (index, specimen) in specimen::all().iter().enumerate() {
        for (part_index, part) in specimen.parts.iter().enumerate().filter(|(_, part)| part.is_hdf5) {
            let mut ends: BTreeMap<End, Vec<usize>> = BTreeMap::new();
            let mut largest = 0;
            let mut first = 0;
            while first < n_cases(part) {
                let (last, end) = follow(&format!("{index} {part_index} {first}"), &errors, &mut largest);
                let said = String::from_utf8_lossy(&fs::read(&errors).unwrap()).into_owned();
                let is_ours = LAST_WORDS.iter().any(|words| said.contains(words));
                let last = last.expect("a child begins with a case");
                match end {
                    Ok(status) if status.success() => break,
                    Err(end) if !is_ours => ends.entry(end).or_default().push(last),
                    _ => {
                        panic!("{}: case {last} of {:?} ends with {end:?}: {said}", specimen.name, part.path)
                    }
                }
                first = last + 1;
            }
            eprintln!(
                "{}, {:?}: {} cases, at most {largest} bytes taken; the HDF5 library fails at {ends:?}",
                specimen.name,
                part.path.file_name().unwrap_or_default(),
                n_cases(part)
            );
        }
    }
}
