using System.Collections.Immutable;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration.Rules;
using InferenceServer.Core.Configuration.Syntax;

namespace InferenceServer.Core.Configuration.Completion;

/// <summary>Finds where the file's inputs and outputs contradict the model's. A file may narrow what the model takes, never widen it.</summary>
/// <param name="context">The two sides.</param>
/// <param name="maxBatchSize">The batch size decided on; null when there is none to be had, which leaves the shapes out.</param>
internal sealed class SignatureComparison(CompletionContext context, int? maxBatchSize)
{
    public void Run()
    {
        var meant = CheckNames(context.Inputs.AddRange(context.Generated), context.Signature.Inputs, "input");
        CheckNames(context.Outputs.AddRange(context.StateOutputs), context.Signature.Outputs, "output");
        CheckMissing(meant);
        foreach (var (declared, model) in context.Pairs)
        {
            if (model is not null)
            {
                CheckType(declared, model);
                CheckOptional(declared, model);
                CheckShape(declared, model);
            }
        }
    }

    // Gives back the names that the misspelt ones probably stand for, so that they are not reported a second time as missing.
    private HashSet<string> CheckNames(ImmutableArray<DeclaredTensor> declared, ImmutableArray<TensorSpec> model, string kind)
    {
        var known = model.Select(static spec => spec.Name).ToList();
        var free = known.Except(declared.Select(static tensor => tensor.Name)).ToList();
        var meant = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tensor in declared.Where(tensor => !known.Contains(tensor.Name)))
        {
            // The only name that is left is meant, however far the spelling is off.
            var nearest = free.Count == 1 ? free[0] : DidYouMean.Nearest(tensor.Name, free);
            if (nearest is not null)
            {
                meant.Add(nearest);
            }

            var names = known.Count == 0 ? $"it has no {kind}s" : $"its {kind}s are {string.Join(", ", known)}";
            context.Error(
                tensor.NamePath,
                $"the model has no {kind} '{tensor.Name}'; {names}",
                nearest is null ? null : $"did you mean '{nearest}'?");
        }

        return meant;
    }

    private void CheckMissing(HashSet<string> meant)
    {
        if (context.Inputs.IsEmpty)
        {
            return;
        }

        var given = context.Inputs.AddRange(context.Generated).Select(static tensor => tensor.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var spec in context.Signature.Inputs.Where(spec => !spec.IsOptional && !given.Contains(spec.Name) && !meant.Contains(spec.Name)))
        {
            context.Error(
                "input",
                $"the model needs input '{spec.Name}' ({ConfigTypeNames.Of(spec.DataType)}, {spec.Shape}), which the configuration does not declare",
                $"add input {{ name: \"{spec.Name}\" data_type: {ConfigTypeNames.Of(spec.DataType)} {ConfigTypeNames.Dims(DimsOf(spec))} }}");
        }
    }

    private void CheckType(DeclaredTensor declared, TensorSpec model)
    {
        if (declared.Type != model.DataType)
        {
            context.Error(
                declared.TypePath,
                $"{declared.Words} has data_type {ConfigTypeNames.Of(declared.Type)} here and {ConfigTypeNames.Of(model.DataType)} in the model",
                declared.IsControl ? DeclaredSequenceTensors.SuggestType(declared, model.DataType) : $"write data_type: {ConfigTypeNames.Of(model.DataType)}");
        }
    }

    private void CheckOptional(DeclaredTensor declared, TensorSpec model)
    {
        if (declared.IsOptional && !model.IsOptional)
        {
            context.Error($"{declared.Path}.optional", $"{declared.Words} is optional here, but the model needs it", "leave out optional");
        }
    }

    private void CheckShape(DeclaredTensor declared, TensorSpec model)
    {
        if (maxBatchSize is not { } batch)
        {
            return;
        }

        if (declared.IsFlat || declared.IsWhole)
        {
            CheckWhole(declared, model);
            return;
        }

        if (declared.IsControl)
        {
            CheckControl(declared, model, isBatching: batch > 0);
            return;
        }

        var dims = declared.Reshape ?? declared.Dims;
        if (model.Shape.Rank == 0 && batch == 0 && declared is { IsState: false, Reshape: null } && dims.All(static dim => dim == 1))
        {
            return;
        }

        var (path, field) = declared.Reshape is null ? ($"{declared.Path}.dims", "dims") : ($"{declared.Path}.reshape.shape", "a reshape");
        long[] full = batch > 0 ? [TensorShape.Free, .. dims] : [.. dims];
        var words = $"{declared.Words} has {field} of [{string.Join(',', dims)}] here{(batch > 0 ? $", so with the batch dimension [{string.Join(',', full)}]," : "")} and shape {model.Shape} in the model";
        if (full.Length != model.Shape.Rank)
        {
            var isBatchInDims = batch > 0 && dims.Length > 0 && dims.AsSpan(1..).SequenceEqual(DimsOf(model).AsSpan());
            context.Error(
                path,
                $"{words}: {full.Length} and {model.Shape.Rank} dimensions",
                $"write {ConfigTypeNames.Dims(declared.IsState ? RowOf(model) : DimsOf(model))}{(isBatchInDims ? "; dims leave out the batch dimension" : "")}");
            return;
        }

        for (var i = 0; i < full.Length; i++)
        {
            if (model.Shape[i] != TensorShape.Free && full[i] != model.Shape[i])
            {
                var element = DeclaredTensor.PathOf(path, i - (full.Length - dims.Length));
                context.Error(element, $"{words}: {full[i]} and {model.Shape[i]} in dimension {i}", $"write {ConfigTypeNames.Dims(DimsOf(model))}");
                return;
            }
        }
    }

    private void CheckWhole(DeclaredTensor declared, TensorSpec model)
    {
        var whole = declared.IsFlat ? [TensorShape.Free] : declared.Dims;
        if (model.Shape.Rank != whole.Length || whole.Where((dim, i) => model.Shape[i] != TensorShape.Free && model.Shape[i] != dim).Any())
        {
            context.Error(
                declared.Path,
                $"{declared.Words} reaches the model with shape [{string.Join(',', whole)}]{(declared.IsFlat ? ", all elements of all requests in one dimension," : "")} and has shape {model.Shape} there");
        }
    }

    // One element a row, with a dimension of its own for it or without: the server makes whichever the model has.
    private void CheckControl(DeclaredTensor declared, TensorSpec model, bool isBatching)
    {
        var rank = isBatching ? 1 : 0;
        if (model.Shape.Rank == rank || (model.Shape.Rank == rank + 1 && model.Shape[rank] is TensorShape.Free or 1))
        {
            return;
        }

        context.Error(
            declared.Path,
            $"{declared.Words} is one element {(isBatching ? "a row, so [-1,1] or [-1]" : "in all, so [1] or a scalar, since the model does not batch")}, and has shape {model.Shape} in the model",
            !isBatching && model.Shape.Rank == 2 && model.Shape[0] == TensorShape.Free ? "write the largest batch that the model takes as max_batch_size" : null);
    }

    private TensorShape DimsOf(TensorSpec model)
    {
        var dims = RowOf(model);
        return dims.Rank > 0 ? dims : new TensorShape(1);
    }

    private TensorShape RowOf(TensorSpec model) => maxBatchSize > 0 && model.Shape.Rank > 0 ? model.Shape.WithoutFirst() : model.Shape;
}
