namespace InferenceServer.Protocols.KServe.Rpc;

/// <summary>A field of <c>InferTensorContents</c> that holds elements.</summary>
/// <param name="Name">The field's name in the protocol.</param>
/// <param name="TypeName">The widest data type that the field carries, by its name in the protocol.</param>
/// <param name="Count">How many elements it holds.</param>
internal readonly record struct TypedField(string Name, string TypeName, int Count);
