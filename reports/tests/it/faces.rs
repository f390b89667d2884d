//! The folder of a run.

use std::fs;

use kycsim_reports::{Face, WriteFacesError, write_faces};

use crate::{face, sample};

#[test]
fn every_face_is_left_in_the_folder_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().join("runs/first");
    let run = sample::outage();
    write_faces(&run, &folder).unwrap();
    let mut names: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    assert_eq!(names, ["junit.xml", "report.html", "report.json", "summary.md"]);
    for which in Face::ALL {
        assert_eq!(fs::read_to_string(folder.join(which.file_name())).unwrap(), face(which, &run));
    }
}

#[test]
fn a_later_run_replaces_an_earlier_one() {
    let folder = tempfile::tempdir().unwrap();
    write_faces(&sample::outage(), folder.path()).unwrap();
    write_faces(&sample::killed(), folder.path()).unwrap();
    let json = fs::read_to_string(folder.path().join("report.json")).unwrap();
    assert_eq!(json, face(Face::Json, &sample::killed()));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = write_faces(&sample::killed(), &file.join("run")).unwrap_err();
    assert!(matches!(&error, WriteFacesError::Folder { folder, .. } if folder.ends_with("file/run")), "{error}");
}
