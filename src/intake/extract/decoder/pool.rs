//! Who asks the children, and what if one dies?
//!
//! Takes requests from any thread, gives replies. A child is started when none for the file is idle; an idle one for
//! another file makes room, so there are never more than threads that read. One that dies, breaks off or answers
//! nonsense is ended and waited for; its file is refused.

use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Mutex, Once};
use std::time::SystemTime;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::DataType;
use arrow::ipc::reader::StreamReader;

use super::super::{Chunk, ChunkPlace, Column, Form, FormatName, Opened, RowFault, Terms, csv, xlsx};
use super::{Answer, Reply, Request, Work, nonsense};
use crate::error::{Error, Kind, Result};
#[cfg(unix)]
use crate::intake::study::Limits;

/// Longest line of a reply, in bytes: the row numbers of a workbook.
const LINE_BYTES_MAX: u64 = 256 << 20;

/// How long a child that should end is waited for before it is made to.
const END_TRIES: u32 = 200;
const END_PAUSE: std::time::Duration = std::time::Duration::from_millis(5);

/// What a child ends with that got no memory.
const NO_MEMORY: i32 = 6;

/// The children of this process.
#[derive(Debug)]
pub struct Pool {
    program: PathBuf,
    arguments: Vec<String>,
    idle: Mutex<Vec<Decoder>>,
    warned: Once,
}

/// A file as a child was handed it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Handed {
    path: PathBuf,
    bytes: u64,
    modified: Option<SystemTime>,
}

#[derive(Debug)]
struct Decoder {
    handed: Handed,
    child: Child,
    requests: ChildStdin,
    replies: BufReader<ChildStdout>,
}

impl Pool {
    /// No child yet.
    pub(super) fn of(program: PathBuf, arguments: Vec<String>) -> Pool {
        Pool { program, arguments, idle: Mutex::new(Vec::new()), warned: Once::new() }
    }

    /// Opens an extract; the digest is empty unless it is CSV.
    pub(in crate::intake::extract) fn open(
        &self,
        terms: &Terms,
        format: FormatName,
        path: &Path,
        columns: &[String],
    ) -> Result<(Opened, String)> {
        let work = Work::Open { terms: terms.clone(), format, columns: columns.to_vec() };
        let (reply, batch) = self.exchange(Request { path: path.to_path_buf(), work })?;
        let Reply::Opened { names, chunks, rows, classes, digest, layout, numbers, lost } = reply else {
            return Err(nonsense(path));
        };
        let form = match (format, layout, numbers, batch) {
            (FormatName::Parquet, None, None, None) => Form::ParquetApart,
            (FormatName::Csv, Some(layout), None, None) => Form::Csv(layout),
            (FormatName::Xlsx, None, Some(numbers), Some(batch)) if batch.num_rows() == numbers.len() => {
                if lost.iter().any(|cells| !cells.is_sound()) {
                    return Err(nonsense(path));
                }
                Form::Xlsx(xlsx::Sheet { columns: columns_of(&batch, columns.len(), path)?, numbers, lost })
            }
            _ => return Err(nonsense(path)),
        };
        Ok((Opened { names, form, chunks, rows, classes }, digest))
    }

    /// Decodes a chunk.
    pub(in crate::intake::extract) fn read(
        &self,
        terms: &Terms,
        layout: Option<&csv::Layout>,
        path: &Path,
        place: &ChunkPlace,
        columns: &[String],
    ) -> Result<Chunk> {
        let (layout, place) = (layout.cloned(), place.clone());
        let (file, first_row) = (place.file, place.first_row);
        let most = place.rows;
        let work = Work::Read { terms: terms.clone(), layout, place, columns: columns.to_vec() };
        let (reply, batch) = self.exchange(Request { path: path.to_path_buf(), work })?;
        let (Reply::Chunk { rows, rejected, row_numbers }, Some(batch)) = (reply, batch) else {
            return Err(nonsense(path));
        };
        let counted = (rows + rejected.len()) as u64 == most && batch.num_rows() == rows;
        if !counted || row_numbers.as_ref().is_some_and(|numbers| numbers.len() != rows) {
            return Err(nonsense(path));
        }
        let fault = |(row, column, fault): (u64, Option<String>, super::Fault)| RowFault {
            row,
            column,
            reason: fault.reason(),
        };
        let rejected = rejected.into_iter().map(fault).collect();
        let columns = columns_of(&batch, columns.len(), path)?;
        Ok(Chunk { file, first_row, rows, columns, rejected, row_numbers, lost: Vec::new() })
    }

    /// Asks for something that has no rows.
    pub(in crate::intake::extract) fn ask(&self, request: Request) -> Result<Reply> {
        self.exchange(request).map(|(reply, _)| reply)
    }

    /// Ends the idle children, and waits for them.
    pub(super) fn finish(&self) {
        let idle = self.idle.lock().map(|mut idle| std::mem::take(&mut *idle)).unwrap_or_default();
        for decoder in idle {
            decoder.stop();
        }
    }

    fn exchange(&self, mut request: Request) -> Result<(Reply, Option<RecordBatch>)> {
        // The way to a file may lead through a folder with such a name, and the file lie elsewhere.
        if request.path.to_str().is_none()
            && let Ok(resolved) = request.path.canonicalize()
        {
            request.path = resolved;
        }
        let path = &request.path;
        let unsaid = |_| {
            let error = Error::input("it, or a folder that it lies in, has a name that is not UTF-8").at_file(path);
            error.hint("rename that, or put the file elsewhere")
        };
        let mut line = serde_json::to_vec(&request).map_err(unsaid)?;
        line.push(b'\n');
        let mut decoder = self.decoder(path)?;
        let Some((answer, batch)) = decoder.exchange(&line) else { return Err(refused(path, decoder.end())) };
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(decoder);
        }
        if !answer.confined {
            self.warned.call_once(|| {
                tracing::warn!("this system cannot cut decoders off from files and network: they are limited in memory and time only");
            });
        }
        match answer.reply {
            Reply::Refused(error) => Err(error),
            reply => Ok((reply, batch)),
        }
    }

    /// An idle child for this file, or a new one.
    fn decoder(&self, path: &Path) -> Result<Decoder> {
        let io = |error: std::io::Error| Error::io(path, &error);
        let facts = std::fs::metadata(path).map_err(io)?;
        let handed = Handed { path: path.to_path_buf(), bytes: facts.len(), modified: facts.modified().ok() };
        let mut other = None;
        if let Ok(mut idle) = self.idle.lock() {
            if let Some(at) = idle.iter().position(|decoder| decoder.handed == handed) {
                return Ok(idle.swap_remove(at));
            }
            other = idle.pop();
        }
        if let Some(other) = other {
            other.stop();
        }
        self.start(handed, File::open(path).map_err(io)?)
    }

    fn start(&self, handed: Handed, file: File) -> Result<Decoder> {
        let program = &self.program;
        let mut command = Command::new(program);
        command.args(&self.arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::from(file));
        // What is in the environment is none of its business; Windows needs some of it to start anything.
        #[cfg(unix)]
        command.env_clear();
        // It holds a chunk at a time: pages of 2 MiB would be cleared, and little of them used.
        command.env("MIMALLOC_ALLOW_THP", "0");
        let failed = |error: &std::io::Error| {
            let error = Error::io(program, error);
            Error::new(Kind::Environment, format!("a decoder cannot be started: {error}"))
        };
        let mut child = command.spawn().map_err(|error| failed(&error))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(requests), Some(replies)) => {
                let replies = BufReader::with_capacity(1 << 18, replies);
                Ok(Decoder { handed, child, requests, replies })
            }
            _ => Err(failed(&std::io::Error::from(std::io::ErrorKind::BrokenPipe))),
        }
    }
}

impl Decoder {
    /// `None` if the child died or did not keep to the form of a reply.
    fn exchange(&mut self, line: &[u8]) -> Option<(Answer, Option<RecordBatch>)> {
        self.requests.write_all(line).ok()?;
        self.requests.flush().ok()?;
        let mut line = Vec::new();
        std::io::Read::take(&mut self.replies, LINE_BYTES_MAX).read_until(b'\n', &mut line).ok()?;
        let answer: Answer = serde_json::from_slice(&line).ok()?;
        let has_rows = matches!(&answer.reply, Reply::Chunk { .. } | Reply::Opened { numbers: Some(_), .. });
        if !has_rows {
            return Some((answer, None));
        }
        let mut stream = StreamReader::try_new(&mut self.replies, None).ok()?;
        let batch = stream.next()?.ok()?;
        // The end of the stream is read, too: the next reply begins after it.
        stream.next().is_none().then_some((answer, Some(batch)))
    }

    /// Ends a child that has nothing to do.
    fn stop(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Lets the child end, makes it end if it does not, and gives its status if it ended of itself.
    fn end(mut self) -> Option<ExitStatus> {
        drop(self.requests);
        drop(self.replies);
        for _ in 0..END_TRIES {
            if let Ok(Some(status)) = self.child.try_wait() {
                return Some(status);
            }
            std::thread::sleep(END_PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        None
    }
}

/// What the end of a child says of the file.
fn refused(path: &Path, status: Option<ExitStatus>) -> Error {
    #[cfg(unix)]
    let signal = status.and_then(|status| std::os::unix::process::ExitStatusExt::signal(&status));
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let how = match (signal, status) {
        (Some(9), _) => {
            let error = Error::new(Kind::Environment, "its decoder was killed from outside").at_file(path);
            return error.hint("most likely memory ran out: close other programs, or use a larger machine");
        }
        (None, Some(status)) if status.code() == Some(NO_MEMORY) => {
            if let Some(error) = denied(path) {
                return error;
            }
            String::from("needs more memory than a decoder may have")
        }
        (Some(24), _) => String::from("takes longer to decode than a file of its size can (signal 24)"),
        (Some(signal), _) => format!("crashed its decoder (signal {signal})"),
        (None, _) => String::from("crashed its decoder"),
    };
    let error = Error::input(format!("was refused: it {how}")).at_file(path);
    error.hint(
        "the file is damaged or hostile, or needs more memory than a decoder may have: ask the sender for it again",
    )
}

/// A child that got no memory because this process may not have as much as a decoder is allowed: no fault of the file.
#[cfg(unix)]
fn denied(path: &Path) -> Option<Error> {
    use rustix::process::{Resource, getrlimit};
    let least = [Resource::As, Resource::Data].into_iter().filter_map(|resource| getrlimit(resource).maximum).min();
    // As much as a decoder is given where the study does not say.
    let given = Limits::default().row_group_bytes_max + super::child::MEMORY_BESIDE;
    least.filter(|least| *least < given).map(|_| {
        let error = Error::new(Kind::Environment, "its decoder got no more memory from the system").at_file(path);
        error.hint("allow more (`ulimit -v`)")
    })
}

#[cfg(not(unix))]
fn denied(_: &Path) -> Option<Error> {
    None
}

fn columns_of(batch: &RecordBatch, expected: usize, path: &Path) -> Result<Vec<Column>> {
    let column = |array: &arrow::array::ArrayRef| match array.data_type() {
        DataType::Null => Some(Column::Null),
        DataType::Utf8 => array.as_string_opt::<i32>().cloned().map(Column::Text),
        DataType::Date32 => array.as_primitive_opt().cloned().map(Column::Day),
        _ => None,
    };
    let columns: Option<Vec<Column>> = batch.columns().iter().map(column).collect();
    columns.filter(|columns| columns.len() == expected).ok_or_else(|| nonsense(path))
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::super::{Request, Work};
    use super::Pool;
    use crate::error::Kind;

    /// A child that does this; what is said of the file that it was asked for.
    fn said_of(script: &str) -> (Kind, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("some.parquet");
        std::fs::write(&path, "what is in it").unwrap();
        let pool = Pool::of("/bin/sh".into(), vec![String::from("-c"), script.to_owned()]);
        let request = Request { path, work: Work::Fill };
        let error = pool.ask(request).unwrap_err();
        (error.kind(), error.to_string())
    }

    #[test]
    fn however_a_child_ends_its_file_is_refused() {
        for (script, kind, words) in [
            ("kill -ABRT $$", Kind::Input, "some.parquet: was refused: it crashed its decoder (signal 6)"),
            ("kill -SEGV $$", Kind::Input, "some.parquet: was refused: it crashed its decoder (signal 11)"),
            ("kill -XCPU $$", Kind::Input, "takes longer to decode"),
            ("kill -KILL $$", Kind::Environment, "memory ran out"),
            ("exit 0", Kind::Input, "crashed its decoder"),
            ("read line; echo nonsense", Kind::Input, "crashed its decoder"),
            ("read line; echo '{\"confined\":true,\"reply\":{\"Filled\":'", Kind::Input, "crashed its decoder"),
            (
                "read line; echo '{\"confined\":true,\"reply\":{\"Chunk\":{\"rows\":1,\"rejected\":[],\"row_numbers\":null}}}'; echo x",
                Kind::Input,
                "crashed",
            ),
        ] {
            let (found, text) = said_of(script);
            assert_eq!(found, kind, "{script}: {text}");
            assert!(text.contains(words), "{script}: {text}");
        }
        let nowhere = Pool::of("/nonexistent".into(), Vec::new());
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = nowhere.ask(Request { path: file.path().into(), work: Work::Fill }).unwrap_err();
        assert_eq!(error.kind(), Kind::Environment);
    }

    #[test]
    fn a_file_is_reached_through_a_folder_whose_name_is_not_utf_8_and_refused_in_one() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"r\xff"));
        std::fs::create_dir(&odd).unwrap();
        let script = "while read line; do echo '{\"confined\":true,\"reply\":{\"Filled\":[]}}'; done";
        let pool = Pool::of("/bin/sh".into(), vec![String::from("-c"), script.to_owned()]);
        for (path, is_read) in [(odd.join("../a.xlsx"), true), (odd.join("a.xlsx"), false)] {
            std::fs::write(&path, "a").unwrap();
            let answer = pool.ask(Request { path, work: Work::Fill });
            assert_eq!(answer.is_ok(), is_read);
            assert!(answer.err().is_none_or(|error| error.to_string().contains("or a folder that it lies in")));
        }
        pool.finish();
    }

    #[test]
    fn a_child_is_kept_for_its_file_only_and_ended_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let script = "while read line; do echo '{\"confined\":true,\"reply\":{\"Filled\":[]}}'; done";
        let pool = Pool::of("/bin/sh".into(), vec![String::from("-c"), script.to_owned()]);
        let mut children = Vec::new();
        for (name, content) in [("a.xlsx", "a"), ("a.xlsx", "a"), ("b.xlsx", "b"), ("b.xlsx", "changed")] {
            let path = folder.path().join(name);
            if !std::fs::read(&path).is_ok_and(|there| there == content.as_bytes()) {
                std::fs::write(&path, content).unwrap();
            }
            pool.ask(Request { path, work: Work::Fill }).unwrap();
            let idle = pool.idle.lock().unwrap();
            assert_eq!(idle.len(), 1);
            children.push(idle[0].child.id());
        }
        assert_eq!(children[0], children[1], "kept");
        assert!(children[1] != children[2] && children[2] != children[3], "no child sees a second file: {children:?}");
        pool.finish();
        assert_eq!(pool.idle.lock().unwrap().len(), 0);
    }
}
