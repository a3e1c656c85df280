using System.Collections.Immutable;
using InferenceServer.Abstractions.Backends;
using InferenceServer.Abstractions.Tensors;
using Microsoft.ML.OnnxRuntime;

namespace InferenceServer.Backends.Onnx.Signatures;

/// <summary>Finds the tensors that a session's outputs are put into.</summary>
internal static class OutputReader
{
    public static ImmutableArray<EngineOutput> Read(
        InferenceSession session, ModelLoadContext context, ImmutableArray<TensorSpec>.Builder tensors, List<string> errors)
    {
        var outputs = ImmutableArray.CreateBuilder<EngineOutput>();
        foreach (var name in session.OutputNames)
        {
            var metadata = session.OutputMetadata[name];
            var output = new EngineOutput(name, ValueKinds.FormOf(metadata), tensors.Count);
            switch (output.Form)
            {
                case OutputForm.Pieces:
                    AddPieces(tensors, name, metadata.AsSequenceMetadata().ElementMeta, context.DeclaredOutputs, errors);
                    break;
                case OutputForm.Map:
                    AddMap(tensors, name, metadata.AsMapMetadata(), new TensorShape(TensorShape.Free), hasRows: false, errors);
                    break;
                case OutputForm.MapRows:
                    AddMap(tensors, name, metadata.AsSequenceMetadata().ElementMeta.AsMapMetadata(), new TensorShape(TensorShape.Free, TensorShape.Free), hasRows: true, errors);
                    break;
                default:
                    SignatureReader.Add(tensors, "output", name, metadata, context.DeclaredOutputs, errors);
                    break;
            }

            outputs.Add(output);
        }

        foreach (var name in tensors.GroupBy(static tensor => tensor.Name).Where(static same => same.Count() > 1).Select(static same => same.Key))
        {
            errors.Add($"there would be two outputs '{name}', one of them with the keys of a map; give one of the model's outputs another name");
        }

        return outputs.ToImmutable();
    }

    private static void AddPieces(
        ImmutableArray<TensorSpec>.Builder tensors, string name, NodeMetadata element, ImmutableArray<TensorSpec> declared, List<string> errors)
    {
        var before = tensors.Count;
        SignatureReader.Add(tensors, "output", name, element, [], errors);
        if (tensors.Count == before)
        {
            return;
        }

        var piece = tensors[^1];
        if (piece.Shape.Rank == TensorShape.MaxRank)
        {
            errors.Add($"output '{name}' is a sequence of tensors of {TensorShape.MaxRank} dimensions, expected at most {TensorShape.MaxRank - 1}");
        }
        else
        {
            // As with plain tensors, one without dimensions may be one of unknown rank.
            var known = piece.Shape.Rank == 0 ? declared.FirstOrDefault(tensor => tensor.Name == name)?.Shape : null;
            tensors[^1] = piece with { Shape = known ?? piece.Shape.Prepend(TensorShape.Free), HasRows = false };
        }
    }

    private static void AddMap(ImmutableArray<TensorSpec>.Builder tensors, string name, MapMetadata map, TensorShape shape, bool hasRows, List<string> errors)
    {
        var (keys, values) = (ElementTypes.ToServer(map.KeyDataType), ElementTypes.ToServer(map.ValueMetadata.ElementDataType));
        if (keys == TensorDataType.Invalid || values == TensorDataType.Invalid)
        {
            errors.Add($"output '{name}' is a map from {map.KeyDataType} to {map.ValueMetadata.ElementDataType}, which no protocol can carry");
            return;
        }

        tensors.Add(new TensorSpec(name, values, shape) { HasRows = hasRows });
        tensors.Add(new TensorSpec(name + EngineOutput.KeysSuffix, keys, shape) { HasRows = hasRows });
    }
}
