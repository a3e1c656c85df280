namespace InferenceServer.Backends.Onnx.Signatures;

/// <summary>How a value of the engine becomes tensors.</summary>
internal enum OutputForm
{
    /// <summary>It is one.</summary>
    Tensor,

    /// <summary>A sequence of tensors of one shape: one tensor with one more dimension in front.</summary>
    Pieces,

    /// <summary>A map: its values as one vector, its keys as another.</summary>
    Map,

    /// <summary>A sequence of maps, one a row: values and keys with a dimension for the rows in front.</summary>
    MapRows,
}
