using System.Collections.Immutable;
using System.IO.Abstractions;
using System.Runtime.InteropServices;
using InferenceServer.Abstractions.Errors;
using InferenceServer.Abstractions.Tensors;
using InferenceServer.Core.Configuration;
using InferenceServer.Core.Configuration.Rules;
using InferenceServer.Core.Repository;

namespace InferenceServer.Core.Sequences;

/// <summary>Makes what the states of a model's sequences begin with, when the model is loaded.</summary>
internal sealed class InitialStateReader(IFileSystem files, EntryGuard guard)
{
    /// <summary>The folder of a model that holds the files of its initial states.</summary>
    public const string Folder = "initial_state";

    /// <summary>The most bytes that all states of a sequence may begin with.</summary>
    public const long MaxBytes = SequenceStateRule.MaxInitialBytes;

    /// <summary>Reads or makes them, in the order of the configuration's states.</summary>
    /// <param name="modelFolder">The model's folder.</param>
    /// <param name="config">The configuration, whose file names have been found to stay in that folder.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <returns>One for each state; none for a model without sequences.</returns>
    /// <exception cref="BackendException">A file is missing, unreadable or not to be read, holds something else than the shape and the type ask for, or passes a limit.</exception>
    public async Task<ImmutableArray<InitialState>> ReadAsync(string modelFolder, ModelConfig config, CancellationToken cancellationToken)
    {
        ImmutableArray<SequenceStateConfig> states = config.SequenceBatching?.States ?? [];
        var made = ImmutableArray.CreateBuilder<InitialState>(states.Length);
        var left = MaxBytes;
        foreach (var state in states)
        {
            if (!state.InitialDims.TryGetElementCount(out var elements) || SizeOf(state, elements) > left)
            {
                throw new BackendException(ErrorCode.ResourceExhausted, $"state '{state.InputName}' begins with shape {state.InitialDims}, for which there is no room: all states of a sequence may begin with {MaxBytes} bytes");
            }

            // Zeros are empty strings too: their lengths.
            var content = state.InitialFile is { } name
                ? await ReadAsync(modelFolder, state, name, elements, left, cancellationToken).ConfigureAwait(false)
                : new byte[(long)SizeOf(state, elements)];
            left -= content.Length;
            made.Add(new InitialState(state.InitialDims, ImmutableCollectionsMarshal.AsImmutableArray(content)));
        }

        return made.MoveToImmutable();
    }

    // What is there at least, of strings their lengths. No integer holds every product.
    private static double SizeOf(SequenceStateConfig state, long elements) =>
        (double)elements * (state.DataType == TensorDataType.Bytes ? BytesTensor.PrefixSize : state.DataType.ElementSize());

    private async Task<byte[]> ReadAsync(string modelFolder, SequenceStateConfig state, string name, long elements, long most, CancellationToken cancellationToken)
    {
        if (guard.FindProblem(modelFolder, $"{Folder}/{name}") is { } refusal)
        {
            throw new BackendException(ErrorCode.InvalidArgument, $"initial_state of state '{state.InputName}': '{name}' {refusal}");
        }

        byte[] content;
        try
        {
            var stream = files.FileStream.New(files.Path.Combine(modelFolder, Folder, name), FileMode.Open, FileAccess.Read, FileShare.Read);
            await using (stream.ConfigureAwait(false))
            {
                CheckLength(state, name, stream.Length, elements, most);
                content = new byte[stream.Length];
                await stream.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            var why = exception is FileNotFoundException or DirectoryNotFoundException ? $"is not in the folder {Folder} of the model" : "cannot be read";
            throw new BackendException(ErrorCode.Unavailable, $"initial_state of state '{state.InputName}': '{name}' {why}", exception);
        }

        if (state.DataType == TensorDataType.Bytes)
        {
            CheckStrings(state, name, content, elements);
        }

        return content;
    }

    private static void CheckLength(SequenceStateConfig state, string name, long length, long elements, long most)
    {
        var isText = state.DataType == TensorDataType.Bytes;
        var expected = elements * state.DataType.ElementSize();
        if (isText ? length > most : length != expected)
        {
            throw new BackendException(
                ErrorCode.InvalidArgument,
                $"initial_state of state '{state.InputName}': '{name}' has {length} bytes, expected {(isText ? $"at most {most}" : $"{expected} for shape {state.InitialDims} and type {state.DataType.ProtocolName()}")}");
        }
    }

    private static void CheckStrings(SequenceStateConfig state, string name, byte[] content, long expected)
    {
        if (!BytesTensor.TryCount(content, out var found))
        {
            throw new BackendException(
                ErrorCode.InvalidArgument,
                $"initial_state of state '{state.InputName}': '{name}' ends within string {found + 1}; expected {expected} for shape {state.InitialDims}, each with its length in 4 bytes in front");
        }

        if (found != expected)
        {
            throw new BackendException(
                ErrorCode.InvalidArgument,
                $"initial_state of state '{state.InputName}': '{name}' holds {found} strings, expected {expected} for shape {state.InitialDims}");
        }
    }
}
