//! What does a child do?
//!
//! Takes requests from stdin until it ends, gives replies to stdout, reads the file that it was handed. Before the
//! first request it gives up what it does not need: memory beyond a limit, files to write, most open files, a memory
//! image when it dies, and all else that it could ask of the system; before each one it sets the processor time that
//! may go by.

use std::fs::File;
use std::io::{BufRead, BufWriter, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{ArrayRef, NullArray, RecordBatch, RecordBatchOptions};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::ipc::writer::StreamWriter;

use super::super::{ChunkPlace, Column, Form, Terms, csv, filled, guarded, input, opened_here, parquet};
use super::{Answer, Fault, Reply, Request, Work, confinement};
use crate::error::{Error, Result};
use crate::intake::study::Limits;

/// Memory of a child beyond the largest row group that it may decode, in bytes of addresses: the allocator sets 1 GiB
/// aside, and the thread that reads a footer has a stack of 256 MiB.
pub(super) const MEMORY_BESIDE: u64 = 3 << 29;

/// Most open files, pipes included.
const FILES_MAX: u64 = 16;

/// Processor time of a request, in seconds, and the bytes of a file that earn one more.
const SECONDS: u64 = 60;
const BYTES_PER_SECOND: u64 = 2 << 20;

/// Serves requests until stdin ends. Nothing is said but replies: whoever asked reports what went wrong.
///
/// # Errors
/// If stdin or stdout break: then whoever asked is gone.
pub fn serve(requests: impl Read, replies: impl Write, file: File) -> std::io::Result<()> {
    std::panic::set_hook(Box::new(|_| {}));
    let bytes = file.metadata()?.len();
    input::hand_over(file)?;
    limits::keep_little()?;
    let confined = confinement::enter();
    let mut requests = std::io::BufReader::new(requests);
    let mut replies = BufWriter::with_capacity(1 << 18, replies);
    let mut footers = Footers::default();
    let mut line = Vec::new();
    loop {
        line.clear();
        if requests.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let request: Request = serde_json::from_slice(&line)?;
        let seconds = SECONDS + bytes / BYTES_PER_SECOND;
        limits::allow(&limits_of(&request), seconds)?;
        let path = request.path.clone();
        let (reply, columns) = match guarded(|| answer(request, &mut footers)) {
            Some(Ok(answer)) => answer,
            Some(Err(error)) => (Reply::Refused(error), None),
            None => (Reply::Refused(super::nonsense(&path)), None),
        };
        serde_json::to_writer(&mut replies, &Answer { confined, reply })?;
        replies.write_all(b"\n")?;
        if let Some((rows, columns)) = columns {
            write_rows(&mut replies, rows, &columns)?;
        }
        replies.flush()?;
    }
}

fn limits_of(request: &Request) -> Limits {
    match &request.work {
        Work::Open { terms, .. } | Work::Read { terms, .. } => terms.limits.clone(),
        Work::Fill => Limits::default(),
    }
}

type Rows = (usize, Vec<Column>);

fn answer(request: Request, footers: &mut Footers) -> Result<(Reply, Option<Rows>)> {
    let path = request.path;
    match request.work {
        Work::Open { terms, format, columns } => {
            let (opened, digest) = opened_here(&terms, format, &path, &columns)?;
            let (mut layout, mut numbers, mut lost, mut sheet) = (None, None, Vec::new(), None);
            match opened.form {
                Form::Csv(known) => layout = Some(known),
                Form::Xlsx(known) => {
                    sheet = Some((known.numbers.len(), known.columns));
                    numbers = Some(known.numbers);
                    lost = known.lost;
                }
                Form::Parquet(known) => footers.last = Some((path, columns, known)),
                Form::ParquetApart => {}
            }
            let (names, chunks, rows, classes) = (opened.names, opened.chunks, opened.rows, opened.classes);
            Ok((Reply::Opened { names, chunks, rows, classes, digest, layout, numbers, lost }, sheet))
        }
        Work::Read { terms, layout, place, columns } => {
            let chunk = match layout {
                Some(layout) => csv::read(&layout, &path, &place, &columns)?,
                None => footers.read(&terms, path, &place, columns)?,
            };
            let fault = |fault: super::super::RowFault| (fault.row, fault.column, Fault::of(fault.reason));
            let rejected = chunk.rejected.into_iter().map(fault).collect();
            let reply = Reply::Chunk { rows: chunk.rows, rejected, row_numbers: chunk.row_numbers };
            Ok((reply, Some((chunk.rows, chunk.columns))))
        }
        Work::Fill => Ok((Reply::Filled(filled::read(&path)?), None)),
    }
}

/// The footer that was read last: the chunks of a file are asked for one after the other.
#[derive(Default)]
struct Footers {
    last: Option<(PathBuf, Vec<String>, parquet::Layout)>,
}

impl Footers {
    fn read(
        &mut self,
        terms: &Terms,
        path: PathBuf,
        place: &ChunkPlace,
        columns: Vec<String>,
    ) -> Result<super::super::Chunk> {
        if !self.last.as_ref().is_some_and(|last| last.0 == path && last.1 == columns) {
            let Form::Parquet(layout) = parquet::open(terms, &path, &columns)?.form else {
                return Err(super::nonsense(&path));
            };
            self.last = Some((path, columns, layout));
        }
        match &self.last {
            Some((path, columns, layout)) => parquet::read(terms, layout, path, place, columns),
            None => Err(Error::input("there is no such file")),
        }
    }
}

/// Columns as an Arrow IPC stream of one batch.
fn write_rows(replies: impl Write, rows: usize, columns: &[Column]) -> std::io::Result<()> {
    let arrays = columns.iter().map(|column| -> ArrayRef {
        match column {
            Column::Null => Arc::new(NullArray::new(rows)),
            Column::Text(array) => Arc::new(array.clone()),
            Column::Day(array) => Arc::new(array.clone()),
        }
    });
    let arrays: Vec<ArrayRef> = arrays.collect();
    let field = |array: &ArrayRef| Field::new("", DataType::clone(array.data_type()), true);
    let schema = Arc::new(Schema::new(arrays.iter().map(field).collect::<Vec<Field>>()));
    let broken = |_| std::io::Error::from(std::io::ErrorKind::BrokenPipe);
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options).map_err(broken)?;
    let mut writer = StreamWriter::try_new(replies, &schema).map_err(broken)?;
    writer.write(&batch).map_err(broken)?;
    writer.finish().map_err(broken)
}

#[cfg(unix)]
mod limits {
    //! Limits of the system: a limit that cannot be set is an error, one that is already lower stays.

    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    use rustix::time::{ClockId, clock_gettime};

    use super::{FILES_MAX, Limits, MEMORY_BESIDE};

    /// What holds for good.
    pub(super) fn keep_little() -> std::io::Result<()> {
        for (resource, most) in [(Resource::Core, 0), (Resource::Fsize, 0), (Resource::Nofile, FILES_MAX)] {
            let most = lower(getrlimit(resource).maximum, most);
            setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
        }
        Ok(())
    }

    /// What holds for the next request.
    pub(super) fn allow(limits: &Limits, seconds: u64) -> std::io::Result<()> {
        let used = u64::try_from(clock_gettime(ClockId::ProcessCPUTime).tv_sec).unwrap_or(0);
        let memory = limits.row_group_bytes_max.saturating_add(MEMORY_BESIDE);
        for (resource, most) in [(Resource::As, memory), (Resource::Cpu, used + 1 + seconds)] {
            let maximum = getrlimit(resource).maximum;
            setrlimit(resource, Rlimit { current: Some(lower(maximum, most)), maximum })?;
        }
        Ok(())
    }

    fn lower(maximum: Option<u64>, most: u64) -> u64 {
        maximum.map_or(most, |maximum| maximum.min(most))
    }
}

#[cfg(not(unix))]
mod limits {
    //! Systems without such limits: a crash still ends the child alone.

    pub(super) fn keep_little() -> std::io::Result<()> {
        Ok(())
    }

    pub(super) fn allow(_: &super::Limits, _: u64) -> std::io::Result<()> {
        Ok(())
    }
}
