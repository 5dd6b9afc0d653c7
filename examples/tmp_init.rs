use std::path::Path;
fn main() {
    for dir in std::env::args().skip(1) {
        let out = std::env::temp_dir().join("tmp_init_out");
        std::fs::create_dir_all(&out).unwrap();
        let t = std::time::Instant::now();
        match rollcall::intake::survey::draft(Path::new(&dir), &out) {
            Ok(text) => {
                println!("=== {dir} ({:?})\n{text}", t.elapsed());
                let f = out.join("study.toml");
                std::fs::write(&f, &text).unwrap();
                match rollcall::intake::study::file::read(&f) {
                    Ok(study) => {
                        for i in 0..study.sources.len() {
                            let e = rollcall::intake::extract::open(&study, i).unwrap();
                            let mut n = 0;
                            for c in 0..e.chunk_count() { n += e.read(&study, c).unwrap().rows; }
                            println!("-> {} rows {} read {n}", study.sources[i].name, e.rows);
                        }
                    }
                    Err(e) => println!("-> ERROR {e}"),
                }
            }
            Err(e) => println!("=== {dir} ERR {e}"),
        }
    }
}
