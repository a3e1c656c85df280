using System.Collections.Immutable;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Backends.Torch.Signatures;

namespace InferenceServer.Backends.Torch.Bindings;

/// <summary>Finds out which output of a configuration is which part of what a method gives. Tuples in tuples count as their parts.</summary>
internal static class ResultBinder
{
    /// <summary>Binds.</summary>
    /// <exception cref="BackendException">An output is no part of the result, or the result is of a type that no tensor carries.</exception>
    public static ImmutableArray<ResultPart> Bind(ImmutableArray<TensorSpec> outputs, TorchMethod method)
    {
        string[] names = [.. outputs.Select(static output => output.Name)];
        var result = method.Result;
        if (result.IsDictionaryOfTensors)
        {
            return Check(outputs, [.. names.Select(name => new ResultPart(result.Parts[1], [new ResultStep(-1, name)]))]);
        }

        if (result.IsListOfTensors)
        {
            return Check(outputs, [.. NamingConvention.Resolve("output", names, [], null, method.ToString()).Select(place => new ResultPart(result.Parts[0], [new ResultStep(place, null)]))]);
        }

        var parts = new List<(string? Name, ResultPart Part)>();
        AddParts(null, result, [], parts, method);
        var places = NamingConvention.Resolve("output", names, [.. parts.Select(static part => part.Name)], parts.Count, method.ToString());
        return Check(outputs, [.. places.Select(place => parts[place].Part)]);
    }

    private static ImmutableArray<ResultPart> Check(ImmutableArray<TensorSpec> outputs, ImmutableArray<ResultPart> parts)
    {
        for (var i = 0; i < parts.Length; i++)
        {
            TensorFit.CheckOutput(outputs[i], parts[i].Type.Present);
        }

        return parts;
    }

    private static void AddParts(string? name, TorchType type, ImmutableArray<ResultStep> path, List<(string? Name, ResultPart Part)> parts, TorchMethod method)
    {
        if (type.Kind == TorchTypeKind.Tuple)
        {
            for (var i = 0; i < type.Parts.Length; i++)
            {
                AddParts(type.PartNames.IsEmpty ? name : type.PartNames[i], type.Parts[i], path.Add(new ResultStep(i, null)), parts, method);
            }
        }
        else if (type.Present.IsLeaf)
        {
            parts.Add((name, new ResultPart(type, path)));
        }
        else
        {
            throw new BackendException(
                ErrorCode.Unsupported,
                $"the result has a part of the type {type.Text}; a method that is served gives Tensor, str, int, float, bool, lists of texts or numbers, Optional of these, tuples of them, List[Tensor] or Dict[str, Tensor]: {method}");
        }
    }
}
