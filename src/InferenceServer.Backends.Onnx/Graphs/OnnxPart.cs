namespace InferenceServer.Backends.Onnx.Graphs;

/// <summary>The messages of an ONNX file in which, or below which, a tensor may say that its elements lie in another file.</summary>
internal enum OnnxPart
{
    /// <summary>The whole file.</summary>
    Model,

    /// <summary>A graph: the model's own, the body of a loop, the branch of a condition.</summary>
    Graph,

    /// <summary>A node of a graph or of a function.</summary>
    Node,

    /// <summary>An attribute of a node.</summary>
    Attribute,

    /// <summary>A function that the model brings along.</summary>
    Function,

    /// <summary>A tensor.</summary>
    Tensor,

    /// <summary>A sparse tensor, which is two tensors.</summary>
    SparseTensor,

    /// <summary>A key and a value that say where a tensor's elements lie.</summary>
    Place,
}
