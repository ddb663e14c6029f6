//! Small files of those suites that no other tests share, with every column that is read, damaged or not.

use std::path::Path;

use galmass_snapshot::SuiteKind;
use hdf5_metno::{File, Group, Hyperslab};
use ndarray::{Array1, Array2, arr1, s};

use crate::fixture::{
    Fixture, Stored, TngUnits, attribute, attributes, dataset, header_attribute, header_counts, string,
    tng_type, write_header,
};

/// Gadget's fields, or GIZMO's, whose metals are in columns.
pub(crate) fn gadget(suite: SuiteKind) -> Fixture {
    Fixture::hdf5(|file| {
        write_header(file, 140.0);
        for number in [0, 2, 3, 4] {
            tng_type(file, number, &Stored::row_of(2), TngUnits::Silent);
        }
        tng_type(file, 1, &Stored::row_of(2).without_masses(), TngUnits::Silent);
        dataset(file, "PartType4/StellarFormationTime", &arr1(&[0.25, 0.4]));
        for name in ["Density", "StarFormationRate", "SmoothingLength", "InternalEnergy", "ElectronAbundance"]
        {
            dataset(file, &format!("PartType0/{name}"), &arr1(&[0.7, 1.4]));
        }
        dataset(file, "PartType0/NeutralHydrogenAbundance", &arr1(&[1.0, 0.5]));
        if suite == SuiteKind::Gizmo {
            let metals = Array2::from_elem((2, 11), 0.02);
            dataset(file, "PartType0/Metallicity", &metals);
            dataset(file, "PartType4/Metallicity", &metals);
        }
    })
}

/// One column an axis.
pub(crate) fn sim_spin() -> Fixture {
    Fixture::hdf5(|file| {
        for number in [1, 2, 3] {
            let group = file.create_group(&format!("PartType{number}")).unwrap();
            for (name, unit) in [("x", "kpc"), ("y", "kpc"), ("z", "kpc"), ("Mass", "1e10 M_solar")] {
                dataset(&group, name, &arr1(&[5.0f32, 10.0]));
                attribute(&group.dataset(name).unwrap(), "Units", string(unit));
            }
            for name in ["vx", "vy", "vz"] {
                dataset(&group, name, &arr1(&[100.0f32, -100.0]));
                attribute(&group.dataset(name).unwrap(), "Units", string("km s-1"));
            }
        }
    })
}

/// A TNG snapshot of two files, with stars and dark matter in each.
pub(crate) fn tng_in_parts() -> Fixture {
    let fixture = Fixture::nothing("snap_007.0.hdf5");
    for part in 0..2 {
        let file = File::create(fixture.beside(&format!("snap_007.{part}.hdf5"))).unwrap();
        write_header(&file, 140.0);
        tng_type(&file, 4, &Stored::rows(1..3), TngUnits::Silent);
        tng_type(&file, 1, &Stored::row_of(1).without_masses(), TngUnits::Silent);
        dataset(&file, "PartType4/GFM_StellarFormationTime", &arr1(&[0.25, 0.4]));
        header_attribute(&file, "NumFilesPerSnapshot", 2i32);
        header_counts(&file, "NumPart_ThisFile", [0, 1, 0, 0, 2, 0]);
        header_counts(&file, "NumPart_Total", [0, 2, 0, 0, 4, 0]);
        header_counts(&file, "NumPart_Total_HighWord", [0; 6]);
    }
    fixture
}

fn swift_groups(file: &File, n_files: i32, counts: [i64; 7]) {
    let header = file.create_group("Header").unwrap();
    for (name, value) in [("Time", 0.006), ("Scale-factor", 0.5), ("Redshift", 1.0)] {
        attributes(&header, name, &arr1(&[value]));
    }
    attributes(&header, "BoxSize", &arr1(&[0.2, 0.2, 0.2]));
    attributes(&header, "NumFilesPerSnapshot", &arr1(&[n_files]));
    attributes(&header, "NumPart_ThisFile", &arr1(&counts));
    attributes(&header, "NumPart_Total", &arr1(&[0u32, 0, 0, 0, 2, 0, 0]));
    attributes(&header, "MassTable", &arr1(&[0.0; 7]));
    let cosmology = file.create_group("Cosmology").unwrap();
    attributes(&cosmology, "Cosmological run", &arr1(&[1i32]));
    for (name, value) in [("h", 0.7), ("Omega_m", 0.29), ("Omega_nu_0", 0.01), ("Omega_lambda", 0.7)] {
        attributes(&cosmology, name, &arr1(&[value]));
    }
    let units = file.create_group("Units").unwrap();
    for (name, value) in [
        ("Unit length in cgs (U_L)", 3.085_677_581_49e24),
        ("Unit mass in cgs (U_M)", 1.988_415_86e43),
        ("Unit time in cgs (U_t)", 3.085_677_581_49e19),
    ] {
        attributes(&units, name, &arr1(&[value]));
    }
}

fn swift_unit(group: &Group, name: &str, to_cgs: f64, a_exponent: f64) {
    let field = group.dataset(name).unwrap();
    let conversion = "Conversion factor to CGS (not including cosmological corrections)";
    attributes(&field, conversion, &arr1(&[to_cgs]));
    attributes(&field, "a-scale exponent", &arr1(&[a_exponent]));
    attributes(&field, "h-scale exponent", &arr1(&[0.0f32]));
}

fn swift_stars(file: &File, n_rows: usize) {
    let group = file.create_group("PartType4").unwrap();
    dataset(&group, "Coordinates", &Array2::from_elem((n_rows, 3), 0.1));
    swift_unit(&group, "Coordinates", 3.085_677_581_49e24, 1.0);
    dataset(&group, "Velocities", &Array2::from_elem((n_rows, 3), -100.0));
    swift_unit(&group, "Velocities", 1e5, 0.0);
    dataset(&group, "Masses", &Array1::from_elem(n_rows, 1.0));
    swift_unit(&group, "Masses", 1.988_415_86e43, 0.0);
    dataset(&group, "BirthScaleFactors", &Array1::from_elem(n_rows, 0.25));
    dataset(&group, "Luminosities", &Array2::from_elem((n_rows, 9), 100.0));
}

/// A SWIFT snapshot in one file.
pub(crate) fn swift() -> Fixture {
    Fixture::hdf5(|file| {
        swift_groups(file, 1, [0, 0, 0, 0, 2, 0, 0]);
        swift_stars(file, 2);
    })
}

/// A SWIFT file that is virtual over two others.
pub(crate) fn virtual_swift() -> Fixture {
    let fixture = Fixture::nothing("snap_0007.hdf5");
    for part in 0..2 {
        let file = File::create(fixture.beside(&format!("snap_0007.{part}.hdf5"))).unwrap();
        swift_groups(&file, 2, [0, 0, 0, 0, 1, 0, 0]);
        swift_stars(&file, 1);
    }
    let file = File::create(&fixture.path).unwrap();
    swift_groups(&file, 1, [0, 0, 0, 0, 2, 0, 0]);
    file.create_group("PartType4").unwrap();
    for name in ["Coordinates", "Velocities"] {
        let mut builder = file.new_dataset::<f64>().shape((2, 3));
        for part in 0..2 {
            let rows = Hyperslab::try_new(s![part..=part, ..]).unwrap();
            let source = format!("snap_0007.{part}.hdf5");
            builder = builder.virtual_map(source, format!("/PartType4/{name}"), (1, 3), .., (2, 3), rows);
        }
        builder.create(format!("PartType4/{name}").as_str()).unwrap();
    }
    let mut builder = file.new_dataset::<f64>().shape(2);
    for part in 0..2 {
        let rows = Hyperslab::try_new(s![part..=part]).unwrap();
        builder = builder.virtual_map(format!("snap_0007.{part}.hdf5"), "/PartType4/Masses", 1, .., 2, rows);
    }
    builder.create("PartType4/Masses").unwrap();
    drop(file);
    fixture
}

/// A group catalogue in two pieces of two subhaloes each.
pub(crate) fn catalogue() -> Fixture {
    let fixture = Fixture::nothing("fof_subhalo_tab_007.0.hdf5");
    for piece in 0..2 {
        write_catalogue_piece(&fixture.beside(&format!("fof_subhalo_tab_007.{piece}.hdf5")));
    }
    fixture
}

fn write_catalogue_piece(path: &Path) {
    let file = File::create(path).unwrap();
    let header = file.create_group("Header").unwrap();
    for (name, value) in [("Time", 0.5), ("Redshift", 1.0), ("HubbleParam", 0.7), ("BoxSize", 140.0)] {
        attribute(&header, name, value);
    }
    attribute(&header, "NumFiles", 2i32);
    attribute(&header, "Nsubgroups_Total", 4i32);
    let subhaloes = file.create_group("Subhalo").unwrap();
    dataset(&subhaloes, "SubhaloLenType", &Array2::from_elem((2, 6), 3i32));
    for name in ["SubhaloPos", "SubhaloVel"] {
        dataset(&subhaloes, name, &Array2::from_elem((2, 3), 7.0));
    }
    for name in ["SubhaloMassType", "SubhaloHalfmassRadType"] {
        dataset(&subhaloes, name, &Array2::from_elem((2, 6), 0.7));
    }
    for name in ["SubhaloMass", "SubhaloHalfmassRad", "SubhaloVelDisp", "SubhaloVmax"] {
        dataset(&subhaloes, name, &Array1::from_elem(2, 0.7));
    }
    dataset(&subhaloes, "SubhaloStellarPhotometrics", &Array2::from_elem((2, 8), -20.0));
    dataset(&subhaloes, "SubhaloGrNr", &Array1::<i32>::zeros(2));
    dataset(&subhaloes, "SubhaloFlag", &arr1(&[true, false]));
    let groups = file.create_group("Group").unwrap();
    dataset(&groups, "GroupLenType", &Array2::from_elem((1, 6), 9i32));
    dataset(&groups, "GroupPos", &Array2::from_elem((1, 3), 7.0));
    dataset(&groups, "GroupMass", &arr1(&[0.7]));
    dataset(&groups, "Group_R_Crit200", &arr1(&[14.0]));
    dataset(&groups, "GroupFirstSub", &arr1(&[0i32]));
    dataset(&groups, "GroupNsubs", &arr1(&[2i32]));
}

/// Gadget's binary format 1 or 2: one particle of gas, one of dark matter with a mass in the header, two stars, with
/// all blocks; in one file or as a part of several.
pub(crate) fn gadget_binary(has_labels: bool, n_files: i32) -> Fixture {
    let fixture = Fixture::nothing(if n_files == 1 { "snap_007" } else { "snap_007.0" });
    for part in 0..n_files {
        let name = if n_files == 1 { "snap_007".to_owned() } else { format!("snap_007.{part}") };
        std::fs::write(fixture.beside(&name), records(has_labels, n_files)).unwrap();
    }
    fixture
}

fn records(has_labels: bool, n_files: i32) -> Vec<u8> {
    let counts = [1, 1, 0, 0, 2, 0i32];
    let mut header = [0; 256];
    let mut put = |at: usize, value: &[u8]| header[at..at + value.len()].copy_from_slice(value);
    for (part_type, count) in counts.into_iter().enumerate() {
        put(4 * part_type, &count.to_le_bytes());
        put(96 + 4 * part_type, &(count * n_files).to_le_bytes());
    }
    for (at, value) in [(88, 1), (120, 1), (124, n_files), (160, 1), (164, 1)] {
        put(at, &value.to_le_bytes());
    }
    for (at, value) in [(32, 0.0007), (72, 0.5), (80, 1.0), (128, 140.0), (136, 0.3), (144, 0.7), (152, 0.7)]
    {
        put(at, &f64::to_le_bytes(value));
    }
    let mut bytes = Vec::new();
    let mut record = |label: &str, data: &[u8]| {
        let length = data.len() as u32;
        if has_labels {
            bytes.extend(8u32.to_le_bytes());
            bytes.extend(format!("{label:<4}").as_bytes());
            bytes.extend((length + 8).to_le_bytes());
            bytes.extend(8u32.to_le_bytes());
        }
        bytes.extend(length.to_le_bytes());
        bytes.extend(data);
        bytes.extend(length.to_le_bytes());
    };
    record("HEAD", &header);
    record("POS", &7f32.to_le_bytes().repeat(12));
    record("VEL", &100f32.to_le_bytes().repeat(12));
    record("ID", &1u32.to_le_bytes().repeat(4));
    record("MASS", &0.7f32.to_le_bytes().repeat(3));
    for label in ["U", "RHO", "NE", "NH", "HSML", "SFR"] {
        record(label, &0.5f32.to_le_bytes());
    }
    record("AGE", &0.25f32.to_le_bytes().repeat(2));
    record("Z", &0.02f32.to_le_bytes().repeat(3));
    bytes
}
