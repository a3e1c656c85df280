using System.Text.Json;
using Google.Protobuf.Reflection;

namespace InferenceServer.Core.Configuration.Syntax;

/// <summary>
/// Reads the JSON form of the message into the same tree as the text form: field names as in the proto file or in lowerCamelCase,
/// 64-bit integers as numbers or strings, null for a field that is not there. A mistake of JSON itself ends the reading.
/// </summary>
internal sealed class JsonConfigReader
{
    private readonly JsonPlaces _places;
    private readonly ProblemList _problems;
    private readonly JsonScalarReader _scalars;

    private JsonConfigReader(JsonPlaces places, ProblemList problems)
    {
        _places = places;
        _problems = problems;
        _scalars = new JsonScalarReader(places, problems);
    }

    public static MessageNode Read(ReadOnlyMemory<byte> utf8, MessageDescriptor descriptor, ProblemList problems)
    {
        var places = new JsonPlaces(utf8);
        var root = new MessageNode(descriptor);
        try
        {
            var reader = new Utf8JsonReader(utf8.Span, new JsonReaderOptions { MaxDepth = ModelConfigDocument.MaxDepth });
            new JsonConfigReader(places, problems).ReadRoot(ref reader, root);
        }
        catch (JsonException exception)
        {
            // The exception's text ends with a place of its own, counted from 0.
            var words = exception.Message.Split(" LineNumber:")[0].TrimEnd('.');
            var position = places.Of(exception.LineNumber ?? 0, exception.BytePositionInLine ?? 0);
            problems.Add(position, $"this is not JSON: {FieldWords.Quote(words)}");
        }

        return root;
    }

    private void ReadRoot(ref Utf8JsonReader reader, MessageNode root)
    {
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            _problems.Add(_places.Of(reader.TokenStartIndex), $"a configuration is a JSON object, found {JsonScalarReader.Describe(ref reader)}", "write { \"name\": ... }");
            return;
        }

        ReadObject(ref reader, root);
        reader.Read();
    }

    private void ReadObject(ref Utf8JsonReader reader, MessageNode message)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var position = _places.Of(reader.TokenStartIndex);
            var name = JsonScalarReader.TextOf(ref reader);
            var field = Find(message.Descriptor, name);
            reader.Read();
            if (field is null)
            {
                _problems.Add(
                    position,
                    $"unknown field '{FieldWords.Quote(name)}' in {FieldWords.Name(message.Descriptor)}",
                    _problems.IsFull ? null : FieldWords.SuggestField(message.Descriptor, name));
                reader.Skip();
            }
            else if (reader.TokenType != JsonTokenType.Null)
            {
                ReadField(ref reader, FieldAdmission.Admit(message, field, position, _problems), position, message);
            }
        }
    }

    private static FieldDescriptor? Find(MessageDescriptor message, string name) =>
        message.FindFieldByName(name) ?? message.Fields.InDeclarationOrder().FirstOrDefault(field => field.JsonName == name);

    private void ReadField(ref Utf8JsonReader reader, FieldNode node, ConfigPosition position, MessageNode message)
    {
        var field = node.Field;
        if (field.IsRepeated && message.Find(field) is { } known && known.Position != position)
        {
            _problems.Add(position, $"{FieldWords.Name(field)} is given twice; the first is at {FieldAdmission.At(known.Position)}", "keep one of the two");
            reader.Skip();
        }
        else if (field.IsMap)
        {
            ReadMap(ref reader, node);
        }
        else if (!field.IsRepeated)
        {
            ReadValue(ref reader, node);
        }
        else if (reader.TokenType != JsonTokenType.StartArray)
        {
            Report(ref reader, field, "an array", $"put it in brackets: \"{field.Name}\": [ ... ]");
        }
        else
        {
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                ReadValue(ref reader, node);
            }
        }
    }

    private void ReadMap(ref Utf8JsonReader reader, FieldNode map)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            Report(ref reader, map.Field, "an object of keys and values", $"write \"{map.Field.Name}\": {{ \"key\": ... }}");
            return;
        }

        var (keyField, valueField) = (map.Field.MessageType.FindFieldByNumber(1), map.Field.MessageType.FindFieldByNumber(2));
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var position = _places.Of(reader.TokenStartIndex);
            var entry = new MessageNode(map.Field.MessageType);
            if (_scalars.ReadKey(ref reader, keyField) is { } key)
            {
                entry.GetOrAdd(keyField, position).Values.Add(key);
                FieldAdmission.AddEntry(map, new ValueNode { Position = position, Message = entry }, _problems);
            }

            reader.Read();
            ReadValue(ref reader, entry.GetOrAdd(valueField, _places.Of(reader.TokenStartIndex)));
        }
    }

    private void ReadValue(ref Utf8JsonReader reader, FieldNode node)
    {
        if (node.Field.FieldType == FieldType.Message)
        {
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                Report(ref reader, node.Field, $"an object ({node.Field.MessageType.Name})", $"write {{ ... }}");
                return;
            }

            var value = new ValueNode { Position = _places.Of(reader.TokenStartIndex), Message = new MessageNode(node.Field.MessageType) };
            node.Values.Add(value);
            ReadObject(ref reader, value.Message);
        }
        else if (_scalars.Read(ref reader, node.Field) is { } scalar)
        {
            node.Values.Add(scalar);
        }
    }

    private void Report(ref Utf8JsonReader reader, FieldDescriptor field, string expected, string suggestion)
    {
        var position = _places.Of(reader.TokenStartIndex);
        _problems.Add(position, $"{FieldWords.Name(field)} must be {expected}, found {JsonScalarReader.Describe(ref reader)}", suggestion);
        reader.Skip();
    }
}
