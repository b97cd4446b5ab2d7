// Package onnxtest writes tiny ONNX models, for tests and benchmarks: nothing is trained, what they answer can be computed by hand.
package onnxtest

import (
	"encoding/binary"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// Types of tensors.
const (
	Float = 1
	Uint8 = 2
	Int64 = 7
)

// Value is an input or output: a dimension under 1 is any.
type Value struct {
	Name string
	Type int
	Dims []int64
}

// Node is one operation.
type Node struct {
	Op      string
	In, Out []string
	Ints    map[string][]int64 // attributes that are lists
	Int     map[string]int64   // attributes that are one number
}

// Constant is numbers of the model itself: Floats or Ints.
type Constant struct {
	Name   string
	Dims   []int64
	Floats []float32
	Ints   []int64
}

// Graph is a model.
type Graph struct {
	Nodes     []Node
	Constants []Constant
	Inputs    []Value
	Outputs   []Value
}

func message(b []byte, field protowire.Number, inner []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(b, field, protowire.BytesType), inner)
}

func text(b []byte, field protowire.Number, s string) []byte { return message(b, field, []byte(s)) }

func number(b []byte, field protowire.Number, v int64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(b, field, protowire.VarintType), uint64(v))
}

// Bytes writes the model as a file: opset 17.
func (g *Graph) Bytes() []byte {
	var graph []byte
	for _, n := range g.Nodes {
		graph = message(graph, 1, n.bytes())
	}
	graph = text(graph, 2, "made")
	for _, c := range g.Constants {
		graph = message(graph, 5, c.bytes())
	}
	for _, v := range g.Inputs {
		graph = message(graph, 11, v.bytes())
	}
	for _, v := range g.Outputs {
		graph = message(graph, 12, v.bytes())
	}
	out := number(nil, 1, 8) // version of the format
	out = text(out, 2, "wanglou")
	out = message(out, 7, graph)
	return message(out, 8, number(text(nil, 1, ""), 2, 17))
}

func (n *Node) bytes() (b []byte) {
	for _, s := range n.In {
		b = text(b, 1, s)
	}
	for _, s := range n.Out {
		b = text(b, 2, s)
	}
	b = text(b, 4, n.Op)
	for name, list := range n.Ints {
		a := text(nil, 1, name)
		for _, v := range list {
			a = number(a, 8, v)
		}
		b = message(b, 5, number(a, 20, 7))
	}
	for name, v := range n.Int {
		b = message(b, 5, number(number(text(nil, 1, name), 3, v), 20, 2))
	}
	return b
}

func (c *Constant) bytes() (b []byte) {
	for _, d := range c.Dims {
		b = number(b, 1, d)
	}
	kind, raw := int64(Float), []byte(nil)
	for _, f := range c.Floats {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(f))
	}
	if c.Ints != nil {
		kind = Int64
		for _, v := range c.Ints {
			raw = binary.LittleEndian.AppendUint64(raw, uint64(v))
		}
	}
	return message(text(number(b, 2, kind), 8, c.Name), 9, raw)
}

func (v *Value) bytes() []byte {
	var shape []byte
	for _, d := range v.Dims {
		if d < 1 {
			shape = message(shape, 1, text(nil, 2, "any"))
		} else {
			shape = message(shape, 1, number(nil, 1, d))
		}
	}
	tensor := message(number(nil, 1, int64(v.Type)), 2, shape)
	return message(text(nil, 1, v.Name), 2, message(nil, 1, tensor))
}

// Linear answers per pixel of "image" (float32, NCHW, three bands, windows of tile) with "mask": for each class the bands' sum with its weights, and its bias.
func Linear(tile int64, weights [][3]float32, bias []float32) *Graph {
	n := int64(len(weights))
	w := Constant{Name: "w", Dims: []int64{n, 3, 1, 1}}
	for _, c := range weights {
		w.Floats = append(w.Floats, c[:]...)
	}
	return &Graph{
		Nodes:     []Node{{Op: "Conv", In: []string{"image", "w", "b"}, Out: []string{"mask"}}},
		Constants: []Constant{w, {Name: "b", Dims: []int64{n}, Floats: bias}},
		Inputs:    []Value{{"image", Float, []int64{1, 3, tile, tile}}},
		Outputs:   []Value{{"mask", Float, []int64{1, n, tile, tile}}},
	}
}

// Deep is a net of three convolutions with 16 channels of nine pixels each, and a sigmoid: its numbers mean nothing, but take as long as trained ones.
func Deep(tile int64) *Graph {
	g := &Graph{Inputs: []Value{{"image", Float, []int64{1, 3, tile, tile}}}, Outputs: []Value{{"mask", Float, []int64{1, 1, tile, tile}}}}
	last, channels := "image", int64(3)
	for i, n := range []int64{16, 16, 16, 1} {
		w := Constant{Name: fmt.Sprint("w", i), Dims: []int64{n, channels, 3, 3}}
		for k := range n * channels * 9 {
			f := float32(math.Sin(float64(k+1)*1.7)) / float32(3*math.Sqrt(float64(channels)))
			if n == 1 {
				f *= 100 // sure of one or the other
			}
			w.Floats = append(w.Floats, f)
		}
		out, op := fmt.Sprint("r", i), "Relu"
		if n == 1 {
			out, op = "mask", "Sigmoid"
		}
		c := fmt.Sprint("c", i)
		g.Constants = append(g.Constants, w)
		g.Nodes = append(g.Nodes, Node{Op: "Conv", In: []string{last, w.Name}, Out: []string{c}, Ints: map[string][]int64{"pads": {1, 1, 1, 1}}}, Node{Op: op, In: []string{c}, Out: []string{out}})
		last, channels = out, n
	}
	return g
}

// Then appends an operation to the only output.
func (g *Graph) Then(n Node, dims ...int64) *Graph {
	last := &g.Nodes[len(g.Nodes)-1]
	between := fmt.Sprint("x", len(g.Nodes))
	last.Out, n.In, n.Out = []string{between}, append([]string{between}, n.In...), []string{g.Outputs[0].Name}
	g.Nodes = append(g.Nodes, n)
	if dims != nil {
		g.Outputs[0].Dims = dims
	}
	return g
}

// Red is sure of what is red: the sigmoid of 20 · (red − (green + blue) / 2) − 5, of bands of 0 to 1.
func Red(tile int64) *Graph {
	return Linear(tile, [][3]float32{{20, -10, -10}}, []float32{-5}).Then(Node{Op: "Sigmoid"})
}

// Bright is sure of what is bright: the sigmoid of 10 · (red + green + blue) − 20.
func Bright(tile int64) *Graph {
	return Linear(tile, [][3]float32{{10, 10, 10}}, []float32{-20}).Then(Node{Op: "Sigmoid"})
}

// Difference answers with the mean difference of the bands of "before" and "after" (float32, NCHW), 0 to 1 of bands of 0 to 1.
func Difference(tile int64) *Graph {
	image := []int64{1, 3, tile, tile}
	return &Graph{
		Nodes: []Node{
			{Op: "Sub", In: []string{"after", "before"}, Out: []string{"d"}},
			{Op: "Abs", In: []string{"d"}, Out: []string{"a"}},
			{Op: "ReduceMean", In: []string{"a"}, Out: []string{"change"}, Ints: map[string][]int64{"axes": {1}}, Int: map[string]int64{"keepdims": 1}},
		},
		Inputs:  []Value{{"before", Float, image}, {"after", Float, image}},
		Outputs: []Value{{"change", Float, []int64{1, 1, tile, tile}}},
	}
}

// Huge wants more memory than any machine has: a mask over a million times.
func Huge(tile int64) *Graph {
	g := Red(tile)
	g.Constants = append(g.Constants, Constant{Name: "much", Dims: []int64{4}, Ints: []int64{1 << 20, 1, tile, tile}})
	return g.Then(Node{Op: "Expand", In: []string{"much"}}).Then(Node{Op: "ReduceMean", Ints: map[string][]int64{"axes": {0}}, Int: map[string]int64{"keepdims": 1}})
}

// Slow takes minutes for a window: it multiplies a matrix by itself.
func Slow(tile int64) *Graph {
	g := Red(tile)
	g.Constants = append(g.Constants, Constant{Name: "all", Dims: []int64{4}, Ints: []int64{1, 1, 2048, 2048}}, Constant{Name: "shape", Dims: []int64{4}, Ints: []int64{1, 1, tile, tile}})
	g.Then(Node{Op: "ReduceMean", Ints: map[string][]int64{"axes": {2, 3}}, Int: map[string]int64{"keepdims": 1}}).Then(Node{Op: "Expand", In: []string{"all"}})
	name := "m"
	g.Nodes[len(g.Nodes)-1].Out = []string{name}
	for i := range 200 {
		next := fmt.Sprint("m", i)
		g.Nodes = append(g.Nodes, Node{Op: "MatMul", In: []string{name, name}, Out: []string{next}})
		name = next
	}
	g.Nodes = append(g.Nodes,
		Node{Op: "ReduceMean", In: []string{name}, Out: []string{"mean"}, Ints: map[string][]int64{"axes": {2, 3}}, Int: map[string]int64{"keepdims": 1}},
		Node{Op: "Expand", In: []string{"mean", "shape"}, Out: []string{"mask"}})
	return g
}

// As changes the type of the only output.
func (g *Graph) As(kind int) *Graph {
	g.Outputs[0].Type = kind
	return g
}
