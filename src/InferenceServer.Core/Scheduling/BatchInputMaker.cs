using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;

namespace InferenceServer.Core.Scheduling;

/// <summary>Makes the inputs that tell a model of the requests in its execution (<c>batch_input</c>).</summary>
internal sealed class BatchInputMaker(ITensorAllocator allocator)
{
    /// <summary>Makes one; the caller disposes it.</summary>
    /// <param name="name">The input of the model.</param>
    /// <param name="config">What it is to tell.</param>
    /// <param name="members">The requests. One that leaves the source out has no elements of it.</param>
    /// <exception cref="BackendException">A number does not fit the element type.</exception>
    public TensorView Make(string name, BatchInputConfig config, ReadOnlySpan<PendingInference> members)
    {
        var (shape, numbers) = config.Kind switch
        {
            BatchInputKind.ElementCount => Counts(members, config.Source, isAccumulated: false, hasZero: false),
            BatchInputKind.AccumulatedElementCount => Counts(members, config.Source, isAccumulated: true, hasZero: false),
            BatchInputKind.AccumulatedElementCountWithZero => Counts(members, config.Source, isAccumulated: true, hasZero: true),
            BatchInputKind.MaxElementCountAsShape => MaxCount(members, config.Source),
            _ => ItemShapes(members, config.Source, isFlat: config.Kind == BatchInputKind.ItemShapeFlatten),
        };
        var buffer = allocator.Rent(numbers.LongLength * sizeof(int));
        var view = new TensorView(name, config.DataType, shape, buffer);
        try
        {
            if (config.DataType == TensorDataType.Fp32)
            {
                Write(MemoryMarshal.Cast<byte, float>(buffer.Span), numbers, static number => number);
            }
            else
            {
                Write(MemoryMarshal.Cast<byte, int>(buffer.Span), numbers, static number => checked((int)number));
            }

            return view;
        }
        catch (OverflowException)
        {
            view.Dispose();
            throw new BackendException(ErrorCode.InvalidArgument, $"input '{name}', which counts the elements of '{config.Source}', cannot hold the number {numbers.Max()}");
        }
    }

    private static void Write<T>(Span<T> destination, long[] numbers, Func<long, T> convert)
    {
        for (var i = 0; i < numbers.Length; i++)
        {
            destination[i] = convert(numbers[i]);
        }
    }

    private static (TensorShape Shape, long[] Numbers) Counts(ReadOnlySpan<PendingInference> members, string source, bool isAccumulated, bool hasZero)
    {
        var first = hasZero ? 1 : 0;
        var numbers = new long[members.Length + first];
        for (var i = 0; i < members.Length; i++)
        {
            numbers[first + i] = ElementsOf(members[i], source) + (isAccumulated && first + i > 0 ? numbers[first + i - 1] : 0);
        }

        return (new TensorShape(numbers.Length), numbers);
    }

    // What it holds means nothing, and must not be what was in the memory before: zeros.
    private static (TensorShape Shape, long[] Numbers) MaxCount(ReadOnlySpan<PendingInference> members, string source)
    {
        var most = 0L;
        foreach (var member in members)
        {
            most = Math.Max(most, ElementsOf(member, source));
        }

        return (new TensorShape(most), new long[most]);
    }

    private static (TensorShape Shape, long[] Numbers) ItemShapes(ReadOnlySpan<PendingInference> members, string source, bool isFlat)
    {
        var numbers = new List<long>();
        var rows = 0L;
        var dims = 0;
        foreach (var member in members)
        {
            if (Find(member, source) is not { } input)
            {
                continue;
            }

            var item = input.Shape.AsSpan()[1..];
            dims = item.Length;
            rows += input.Shape[0];
            for (var row = 0L; row < input.Shape[0]; row++)
            {
                numbers.AddRange(item);
            }
        }

        return (isFlat ? new TensorShape(numbers.Count) : new TensorShape(rows, dims), [.. numbers]);
    }

    private static long ElementsOf(PendingInference member, string source) =>
        Find(member, source) is { } input && input.Shape.TryGetElementCount(out var elements) ? elements : 0;

    private static TensorView? Find(PendingInference member, string name)
    {
        foreach (var input in member.Request.Inputs)
        {
            if (input.Name == name)
            {
                return input;
            }
        }

        return null;
    }
}
