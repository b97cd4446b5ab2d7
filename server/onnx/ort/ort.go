// Package ort calls ONNX Runtime (libonnxruntime.so.1, 1.16 and newer) through its C API, without cgo. For a process of its own: a broken model may end it.
package ort

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unsafe"

	"github.com/ebitengine/purego"

	"wanglou/layers"
	"wanglou/layers/survey/model"
)

// The C API is a table of functions that only ever grows at its end: these are their places.
const (
	fnGetErrorMessage                = 2
	fnCreateEnv                      = 3
	fnCreateSessionFromArray         = 8
	fnRun                            = 9
	fnCreateSessionOptions           = 10
	fnDisableMemPattern              = 17
	fnDisableCPUMemArena             = 19
	fnSetIntraOpNumThreads           = 24
	fnSetInterOpNumThreads           = 25
	fnSessionGetInputCount           = 30
	fnSessionGetOutputCount          = 31
	fnSessionGetInputTypeInfo        = 33
	fnSessionGetOutputTypeInfo       = 34
	fnSessionGetInputName            = 36
	fnSessionGetOutputName           = 37
	fnCreateTensorWithDataAsOrtValue = 49
	fnGetTensorMutableData           = 51
	fnCastTypeInfoToTensorInfo       = 55
	fnGetTensorElementType           = 60
	fnGetDimensionsCount             = 61
	fnGetDimensions                  = 62
	fnGetTensorTypeAndShape          = 65
	fnCreateCPUMemoryInfo            = 69
	fnGetAllocatorWithDefaultOptions = 78
	fnReleaseStatus                  = 93
	fnReleaseValue                   = 96
	fnReleaseTypeInfo                = 98
	fnReleaseTensorTypeAndShapeInfo  = 99
	fnReleaseSessionOptions          = 100
	oldestAPI                        = 16 // of ONNX Runtime 1.16
	logFatal                         = 4
	memoryDefault, allocatorDevice   = 0, 0
	elementFloat, elementUint8       = 1, 2
)

// elements are the names of tensors' types, by number.
var elements = []string{"nothing", "float32", "uint8", "int8", "uint16", "int16", "int32", "int64", "string", "bool", "float16", "float64", "uint32", "uint64", "complex64", "complex128", "bfloat16"}

// Library is ONNX Runtime, opened.
type Library struct {
	Version string
	table   *[256]uintptr
	env     uintptr
	cell    *[1]uintptr // where C puts what it returns; on the heap, since stacks move
	dims    *[16]int64
	name    []byte
}

// Open opens the library. CodeUnavailable with "onnx_library".
func Open(path string) (*Library, error) {
	fail := func(format string, args ...any) error {
		said := strings.ReplaceAll(fmt.Sprintf(format, args...), path, filepath.Base(path)) // where it lies is nobody's matter
		return &layers.Error{Code: layers.CodeUnavailable, Reason: "onnx_library", Params: map[string]string{"said": said}, Msg: "ONNX Runtime cannot be used: " + said}
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fail("%v", err)
	}
	symbol, err := purego.Dlsym(handle, "OrtGetApiBase")
	if err != nil {
		return nil, fail("%v", err)
	}
	base, _, _ := purego.SyscallN(symbol)
	if base == 0 {
		return nil, fail("it has no API")
	}
	entries := at[[2]uintptr](base) // GetApi, GetVersionString
	v, _, _ := purego.SyscallN(entries[1])
	l := &Library{Version: text(v), cell: new([1]uintptr), dims: new([16]int64), name: cString("wanglou")}
	pinned.Pin(l.cell)
	pinned.Pin(l.dims)
	pinned.Pin(unsafe.SliceData(l.name))
	table, _, _ := purego.SyscallN(entries[0], oldestAPI)
	if table == 0 {
		return nil, fail("version %s is older than 1.%d", l.Version, oldestAPI)
	}
	l.table = at[[256]uintptr](table)
	if l.env, err = l.ask(fnCreateEnv, logFatal, address(l.name)); err != nil {
		return nil, fail("%v", err)
	}
	return l, nil
}

// pinned is what C is shown for as long as the process lives.
var pinned runtime.Pinner

// at is what lies at an address that C gave.
func at[T any](address uintptr) *T { return *(**T)(unsafe.Pointer(&address)) }

func text(p uintptr) string {
	if p == 0 {
		return ""
	}
	b := unsafe.Slice(at[byte](p), 1<<12)
	return string(b[:max(0, bytes.IndexByte(b, 0))])
}

func cString(s string) []byte { return append([]byte(s), 0) }

func address[T any](s []T) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(s))) }

// ask calls a function that returns a status and puts what it returns where its last argument points.
func (l *Library) ask(fn int, args ...uintptr) (uintptr, error) {
	l.cell[0] = 0
	err := l.call(fn, append(args, address(l.cell[:]))...)
	return l.cell[0], err
}

// call calls a function that returns a status. What args point at has to be pinned: on the heap, and kept.
func (l *Library) call(fn int, args ...uintptr) error {
	status, _, _ := purego.SyscallN(l.table[fn], args...)
	if status == 0 {
		return nil
	}
	p, _, _ := purego.SyscallN(l.table[fnGetErrorMessage], status)
	said := strings.ToValidUTF8(strings.Join(strings.Fields(text(p)), " "), "")
	purego.SyscallN(l.table[fnReleaseStatus], status)
	if len(said) > 300 {
		said = strings.ToValidUTF8(said[:300], "") + " …"
	}
	return errors.New(said)
}

func (l *Library) release(fn int, p uintptr) {
	if p != 0 {
		purego.SyscallN(l.table[fn], p)
	}
}

// Session is a loaded model.
type Session struct {
	l       *Library
	m       *model.Manifest
	session uintptr
	inputs  []uintptr // tensors over memory of ours
	names   []uintptr
	outputs []uintptr // one name
	answer  []uintptr
	shape   []int64
	keep    [][]byte
}

// refused is a model that is not what its manifest says, or cannot be run.
func refused(field, reason, said string) error {
	if low := strings.ToLower(said); strings.Contains(low, "bad_alloc") || strings.Contains(low, "failed to allocate memory") || strings.Contains(low, "out of memory") || strings.Contains(low, "bad allocation") {
		return &layers.Error{Code: layers.CodeTooLarge, Reason: "model_memory", Msg: "the model needs more memory than it may have: " + said}
	}
	return &layers.Error{Code: layers.CodeInvalid, Field: field, Reason: reason, Params: map[string]string{"said": said}, Msg: "the model cannot be used: " + said}
}

// Load reads a model and holds it against its manifest; inputs are the memory that it is handed at each run. CodeInvalid with "model_load", "model_shape", "model_type";
// CodeTooLarge with "model_memory".
func (l *Library) Load(raw []byte, m *model.Manifest, inputs []model.Tensor) (*Session, error) {
	s := &Session{l: l, m: m, shape: m.Shape()}
	options, err := l.ask(fnCreateSessionOptions)
	if err != nil {
		return nil, err
	}
	defer l.release(fnReleaseSessionOptions, options)
	for _, c := range []struct {
		fn   int
		args []uintptr
	}{{fnSetIntraOpNumThreads, []uintptr{options, uintptr(m.Runtime.Threads)}}, {fnSetInterOpNumThreads, []uintptr{options, 1}}} {
		if err := l.call(c.fn, c.args...); err != nil {
			return nil, err
		}
	}
	pinned.Pin(unsafe.SliceData(raw))
	if s.session, err = l.ask(fnCreateSessionFromArray, l.env, address(raw), uintptr(len(raw)), options); err != nil {
		return nil, refused("file", "model_load", err.Error())
	}
	if err := s.check(fnSessionGetInputCount, fnSessionGetInputName, fnSessionGetInputTypeInfo, "input.names", m.Input.Names, m.Input.Type, s.shape, true); err != nil {
		return nil, err
	}
	if err := s.check(fnSessionGetOutputCount, fnSessionGetOutputName, fnSessionGetOutputTypeInfo, "output.name", []string{m.Output.Name}, model.Float32, nil, false); err != nil {
		return nil, err
	}
	info, err := l.ask(fnCreateCPUMemoryInfo, allocatorDevice, memoryDefault)
	if err != nil {
		return nil, err
	}
	pinned.Pin(unsafe.SliceData(s.shape))
	for i, in := range inputs {
		data, size, element := address(in.F), uintptr(4*len(in.F)), uintptr(elementFloat)
		if in.U != nil {
			data, size, element = address(in.U), uintptr(len(in.U)), elementUint8
			pinned.Pin(unsafe.SliceData(in.U))
		} else {
			pinned.Pin(unsafe.SliceData(in.F))
		}
		value, err := l.ask(fnCreateTensorWithDataAsOrtValue, info, data, size, address(s.shape), uintptr(len(s.shape)), element)
		if err != nil {
			return nil, err
		}
		s.inputs, s.names = append(s.inputs, value), append(s.names, s.name(m.Input.Names[i]))
	}
	s.outputs, s.answer = []uintptr{s.name(m.Output.Name)}, make([]uintptr, 1)
	for _, list := range [][]uintptr{s.inputs, s.names, s.outputs, s.answer} {
		pinned.Pin(unsafe.SliceData(list))
	}
	return s, nil
}

func (s *Session) name(v string) uintptr {
	b := cString(v)
	pinned.Pin(unsafe.SliceData(b))
	s.keep = append(s.keep, b)
	return address(b)
}

// check holds the model's inputs or outputs against the manifest: all inputs have to be known, of outputs the one that is read.
func (s *Session) check(count, name, info int, field string, want []string, element string, shape []int64, all bool) error {
	n, err := s.l.ask(count, s.session)
	if err != nil {
		return err
	}
	allocator, err := s.l.ask(fnGetAllocatorWithDefaultOptions)
	if err != nil {
		return err
	}
	var have []string
	for i := range n {
		p, err := s.l.ask(name, s.session, i, allocator) // of the library's memory: a few bytes that live as long as the process
		if err != nil {
			return err
		}
		have = append(have, text(p))
	}
	for _, w := range want {
		i := slices.Index(have, w)
		if i < 0 {
			return refused(field, "model_names", fmt.Sprintf("it has no %q, but %s", w, strings.Join(have, ", ")))
		}
		got, dims, err := s.tensor(info, uintptr(i))
		if err != nil {
			return err
		}
		if got != element {
			return refused(strings.TrimSuffix(field, ".names"), "model_type", fmt.Sprintf("%s is %s, not %s", w, got, element))
		}
		if shape == nil {
			continue
		}
		fits := len(dims) == len(shape)
		for k := range min(len(dims), len(shape)) {
			fits = fits && (dims[k] < 0 || dims[k] == shape[k]) // under 0: any
		}
		if !fits {
			return refused(strings.TrimSuffix(field, ".names"), "model_shape", fmt.Sprintf("%s is %v, not %v", w, dims, shape))
		}
	}
	if all && len(have) != len(want) {
		return refused(field, "model_names", fmt.Sprintf("it wants %s", strings.Join(have, ", ")))
	}
	return nil
}

// tensor returns an input's or output's type and shape.
func (s *Session) tensor(info int, i uintptr) (element string, dims []int64, err error) {
	typed, err := s.l.ask(info, s.session, i)
	if err != nil {
		return "", nil, err
	}
	defer s.l.release(fnReleaseTypeInfo, typed)
	tensor, err := s.l.ask(fnCastTypeInfoToTensorInfo, typed)
	if err != nil {
		return "", nil, err
	}
	if tensor == 0 {
		return "no tensor", nil, nil
	}
	return s.describe(tensor)
}

func (s *Session) describe(tensor uintptr) (element string, dims []int64, err error) {
	kind, err := s.l.ask(fnGetTensorElementType, tensor) // an int of four bytes, in the lower half
	if err != nil {
		return "", nil, err
	}
	n, err := s.l.ask(fnGetDimensionsCount, tensor)
	if err != nil {
		return "", nil, err
	}
	if int(n) > len(s.l.dims) {
		return "", nil, refused("output", "model_shape", fmt.Sprintf("%d dimensions", n))
	}
	element = fmt.Sprint(kind)
	if int(kind) < len(elements) {
		element = elements[kind]
	}
	dims = make([]int64, n)
	if n > 0 {
		err = s.l.call(fnGetDimensions, tensor, address(s.l.dims[:]), n)
		copy(dims, s.l.dims[:])
	}
	return element, dims, err
}

// Run implements model.Run over the inputs that Load was given.
func (s *Session) Run([]model.Tensor) ([]float32, []int64, error) {
	s.answer[0] = 0 // the library makes the tensor
	if err := s.l.call(fnRun, s.session, 0, address(s.names), address(s.inputs), uintptr(len(s.inputs)), address(s.outputs), 1, address(s.answer)); err != nil {
		return nil, nil, refused("", "model_run", err.Error())
	}
	answer := s.answer[0]
	defer s.l.release(fnReleaseValue, answer)
	info, err := s.l.ask(fnGetTensorTypeAndShape, answer)
	if err != nil {
		return nil, nil, err
	}
	defer s.l.release(fnReleaseTensorTypeAndShapeInfo, info)
	element, dims, err := s.describe(info)
	if err != nil {
		return nil, nil, err
	}
	if element != model.Float32 {
		return nil, nil, refused("output", "model_type", "the answer is "+element)
	}
	n := int64(1)
	for _, d := range dims {
		if n *= d; d < 0 || n > 1<<31 {
			return nil, nil, refused("output", "model_shape", fmt.Sprint(dims))
		}
	}
	if n == 0 {
		return nil, dims, nil
	}
	data, err := s.l.ask(fnGetTensorMutableData, answer)
	if err != nil {
		return nil, nil, err
	}
	return slices.Clone(unsafe.Slice(at[float32](data), n)), dims, nil
}
