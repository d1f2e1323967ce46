package transport

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

const typeForm = "multipart/form-data"

// form is how long a multipart body may be: its files, its operations and map, and a part's headers for each.
func (l Limits) form() int64 {
	return l.Upload + 2*l.Body + int64(l.UploadFiles)*4_096
}

// readForm reads a GraphQL multipart request: first the operations, a request whose files are null, then a map of
// the files' names to where they belong, then the files. github.com/jaydenseric/graphql-multipart-request-spec
func (s *Server) readForm(r *http.Request, boundary string) (request, spool, *Refusal) {
	form := formReader{
		body:   r.Body,
		parts:  multipart.NewReader(r.Body, boundary),
		limits: s.config.Limits,
		left:   s.config.Limits.Upload,
	}
	operations, refusal := form.document("operations")
	if refusal != nil {
		return request{}, nil, refusal
	}
	req, refusal := readRequest(operations, r.Header)
	if refusal != nil {
		return request{}, nil, refusal
	}
	places, refusal := form.document("map")
	if refusal != nil {
		return request{}, nil, refusal
	}
	form.variables = req.variables
	refusal = form.files(places)
	return req, form.spool, refusal
}

type formReader struct {
	body      io.Reader // read to its end, net/http watches whether the client is still there
	parts     *multipart.Reader
	limits    Limits
	left      int64 // bytes that the files may still have
	variables map[string]any
	spool     spool
}

// spool are the temporary files of a request.
type spool []*os.File

// remove deletes them. That one is left behind is the system's to clean up.
func (s spool) remove() {
	for _, file := range s {
		_ = file.Close()
		_ = os.Remove(file.Name())
	}
}

// document reads the next part, a JSON document of that name.
func (f *formReader) document(name string) (any, *Refusal) {
	part, err := f.parts.NextPart()
	if err != nil {
		return nil, brokenForm(err)
	}
	if part.FormName() != name {
		return nil, badRequest("The form's parts are operations, then map, then the files.")
	}
	data, err := io.ReadAll(io.LimitReader(part, f.limits.Body+1))
	if err != nil {
		return nil, brokenForm(err)
	}
	if int64(len(data)) > f.limits.Body {
		return nil, tooLarge(f.limits.Body)
	}
	document, err := decodeJSON(data, f.limits.JSONDepth)
	if err != nil {
		return nil, badRequest("%s is not a JSON document to go by: %v.", name, err)
	}
	return document, nil
}

// files reads the files and puts each in its places.
func (f *formReader) files(places any) *Refusal {
	byName, ok := places.(map[string]any)
	if !ok || len(byName) > f.limits.UploadFiles {
		return badRequest("map names up to %d files and their places.", f.limits.UploadFiles)
	}
	for range len(byName) {
		part, err := f.parts.NextPart()
		if err != nil {
			return brokenForm(err)
		}
		paths, ok := byName[part.FormName()].([]any)
		if !ok || len(paths) != 1 {
			return badRequest("map gives each file one place.")
		}
		delete(byName, part.FormName())
		upload, refusal := f.file(part)
		if refusal != nil {
			return refusal
		}
		path, _ := paths[0].(string)
		if !place(f.variables, path, upload) {
			return badRequest("map gives a file a place where the operations have no null.")
		}
	}
	if _, err := f.parts.NextPart(); !errors.Is(err, io.EOF) {
		return badRequest("The form has a file that map does not name.")
	}
	if _, err := io.Copy(io.Discard, f.body); err != nil {
		return brokenForm(err)
	}
	return nil
}

// file keeps the content of a part in memory, or in a temporary file if it is long.
func (f *formReader) file(part *multipart.Part) (graphql.Upload, *Refusal) {
	upload := graphql.Upload{Filename: part.FileName(), ContentType: part.Header.Get("Content-Type")}
	content := io.LimitReader(part, f.left+1)
	var memory bytes.Buffer
	_, err := io.CopyN(&memory, content, f.limits.UploadMemory)
	switch {
	case errors.Is(err, io.EOF):
		upload.File, upload.Size = bytes.NewReader(memory.Bytes()), int64(memory.Len())
	case err != nil:
		return upload, brokenForm(err)
	default:
		file, err := os.CreateTemp("", "upload-*")
		if err != nil {
			return upload, unstored()
		}
		f.spool = append(f.spool, file)
		if upload.Size, err = io.Copy(file, io.MultiReader(&memory, content)); err != nil {
			return upload, brokenForm(err)
		}
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return upload, unstored()
		}
		upload.File = file
	}
	if f.left -= upload.Size; f.left < 0 {
		return upload, tooLarge(f.limits.Upload)
	}
	return upload, nil
}

func unstored() *Refusal {
	return refuse(http.StatusInternalServerError, CodeInternal, "The upload could not be stored.")
}

// brokenForm says why a part could not be read.
func brokenForm(err error) *Refusal {
	if _, ok := errors.AsType[*os.PathError](err); ok && !errors.Is(err, os.ErrDeadlineExceeded) {
		return unstored()
	}
	return unreadable(err)
}

// place puts an upload where path, like variables.input.files.0, leads to a null.
func place(variables map[string]any, path string, upload graphql.Upload) bool {
	steps := strings.Split(path, ".")
	if len(steps) < 2 || steps[0] != "variables" {
		return false
	}
	var at any = variables
	var put func(any)
	for _, step := range steps[1:] {
		if at, put = member(at, step); put == nil {
			return false
		}
	}
	if at != nil {
		return false
	}
	put(upload)
	return true
}

// member gives what an object or list holds at a step of a path, and a way to replace it; put is nil if it holds
// nothing there.
func member(of any, step string) (value any, put func(any)) {
	switch of := of.(type) {
	case map[string]any:
		if value, ok := of[step]; ok {
			return value, func(v any) { of[step] = v }
		}
	case []any:
		if i, err := strconv.Atoi(step); err == nil && i >= 0 && i < len(of) {
			return of[i], func(v any) { of[i] = v }
		}
	}
	return nil, nil
}
